"""Which URLs may be called: one row per way in that somebody has tried elsewhere.

The verdict of a URL is what `urls.parse` and the guard say of it, with the resolver's answer given in the row
where the host is a name.
"""

from __future__ import annotations

import pytest

from pivot.errors import ConfigError
from pivot.fetch import urls
from pivot.fetch.egress_guard import EgressGuard, why_not_public
from pivot.fetch.settings import NOT_FOR_THE_WEB, FetchSettings

ALLOWED, DENIED, BAD_URL = "allowed", "denied", "bad_url"

LITERALS = {
    DENIED: """
        127.0.0.0 127.0.0.1 127.255.255.255 0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 172.16.0.0
        172.31.255.255 192.168.0.0 192.168.255.255 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
        100.64.0.0 100.100.100.200 100.127.255.255 192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.255
        198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 192.88.99.0
        192.88.99.255 224.0.0.0 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
        168.63.129.16
        :: ::1 ::10.0.0.1 ::ffff:127.0.0.1 0:0:0:0:0:ffff:a9fe:a9fe ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
        64:ff9b::7f00:1 64:ff9b::ffff:ffff 64:ff9b:1::1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 2002:a00:1::1
        2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001::1 2001:0:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8::1
        100::1 100::ffff:ffff:ffff:ffff 5f00::1 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff fc00::1
        fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80::1 febf::1
        febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::1 feff::1 ff00::1 ff02::1
        ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff::1
    """,
    ALLOWED: """
        8.8.8.8 1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
        169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0
        192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255
        203.0.114.0 223.255.255.255
        2001:4860:4860::8888 2606:4700:4700::1111 64:ff9c::1 2003::1 5eff::1 5f01::1 2001:200::1
    """,
}

HOSTS_IN_URLS = [
    # Numbers that system resolvers take for addresses.
    *(
        (f"http://{host}/", BAD_URL)
        for host in (
            *("2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "017700000001", "127.1"),
            *("127.0.1", "127.000.000.001", "2852039166", "0xa9fea9fe", "0", "127.0.0.1.", "1.2.3.4.5"),
            *("256.1.1.1", "0x", "1.2.3.0x4"),
        )
    ),
    # Look-alikes that other parsers fold into digits and dots.
    ("http://１２７.０.０.１/", BAD_URL),
    ("http://127。0。0。1/", BAD_URL),
    ("http://①②⑦.⓪.⓪.①/", BAD_URL),
    ("http://ⓛocalhost/", BAD_URL),
    ("http://ｌocalhost/", BAD_URL),
    # Bracketed addresses.
    ("http://[::ffff:127.0.0.1]/", DENIED),
    ("http://[0:0:0:0:0:ffff:a9fe:a9fe]/", DENIED),
    ("http://[fe80::1%25lo]/", BAD_URL),
    ("http://[::1%lo]/", BAD_URL),
    ("http://[::1]@8.8.8.8/", BAD_URL),
    ("http://[127.0.0.1]/", BAD_URL),
    ("http://[::1/", BAD_URL),
    ("http://::1/", BAD_URL),
    ("http://[2606:4700:4700::1111]:8080/", ALLOWED),
    # Who is before the @?
    ("http://a@b@127.0.0.1/", BAD_URL),
    ("http://google.com:80+&@127.0.0.1:22/#+@google.com:80/", DENIED),
    ("http://127.0.0.1:80@8.8.8.8/", ALLOWED),
    ("http://8.8.8.8\\@127.0.0.1/", BAD_URL),
    ("http://127.0.0.1\\@8.8.8.8/", BAD_URL),
    ("http://user:secret@8.8.8.8/", ALLOWED),
    ("http://8.8.8.8#@127.0.0.1/", ALLOWED),
    ("http://127.0.0.1#@8.8.8.8/", DENIED),
    ("http://8.8.8.8?@127.0.0.1/", ALLOWED),
    # Characters that other parsers delete.
    ("http://127.0.\t0.1/", BAD_URL),
    ("http://8.8.8.8\n/", BAD_URL),
    ("http://8.8.8.8/\r\nX-Injected: 1", BAD_URL),
    (" http://8.8.8.8/", BAD_URL),
    ("http://8.8.8.8/ ", BAD_URL),
    ("\x00http://8.8.8.8/", BAD_URL),
    ("http://8.8.8.8/a b", BAD_URL),
    ("http://8.8.8.8/\x7f", BAD_URL),
    # Shapes.
    ("http:///127.0.0.1/", BAD_URL),
    ("http:127.0.0.1/", BAD_URL),
    ("//8.8.8.8/", BAD_URL),
    ("8.8.8.8/", BAD_URL),
    ("", BAD_URL),
    ("http://", BAD_URL),
    ("http://@/", BAD_URL),
    ("HTTP://8.8.8.8/", ALLOWED),
    ("HtTpS://8.8.8.8", ALLOWED),
    ("file:///etc/passwd", BAD_URL),
    ("gopher://8.8.8.8:70/", BAD_URL),
    ("ftp://8.8.8.8/", BAD_URL),
    ("http://%31%32%37.0.0.1/", BAD_URL),
    ("http://8.8.8.8%00.example/", BAD_URL),
    ("http://8.8.8.8%2f@10.0.0.1/", DENIED),
    ("http://exa%2fmple/", BAD_URL),
    ("http://.8.8.8.8/", BAD_URL),
    ("http://a..b/", BAD_URL),
    (f"http://{'a' * 300}.example/", BAD_URL),
    (f"http://8.8.8.8/{'a' * 65_536}", BAD_URL),
    # Ports.
    ("http://8.8.8.8:0443/", BAD_URL),
    ("http://8.8.8.8:99999/", BAD_URL),
    ("http://8.8.8.8:0/", BAD_URL),
    ("http://8.8.8.8:/", BAD_URL),
    ("http://8.8.8.8:+80/", BAD_URL),
    *(
        (f"http://8.8.8.8:{port}/", DENIED)
        for port in (22, 25, 5672, 5984, 15672, 4369, 6379, 5060, 8021, 11211)
    ),
    *((f"http://8.8.8.8:{port}/", ALLOWED) for port in (80, 443, 81, 8000, 8080, 8090, 8443, 3000, 65535)),
]


def verdict(text: str, guard: EgressGuard) -> str:
    """What becomes of a URL with a literal host."""
    try:
        target = urls.parse(text)
    except urls.BadUrl:
        return BAD_URL
    assert target.is_literal, target
    return ALLOWED if guard.objection(target.host, target.port, target.host) is None else DENIED


@pytest.fixture(name="guard")
def default_guard() -> EgressGuard:
    return EgressGuard("enforce", deny_ports=FetchSettings().deny_ports)


@pytest.mark.parametrize(
    ("address", "expected"),
    [(address, expected) for expected, addresses in LITERALS.items() for address in addresses.split()],
)
def test_addresses_are_judged_by_their_range(address: str, expected: str, guard: EgressGuard) -> None:
    """Both edges of each range; what lies outside is a stranger's honest server."""
    host = f"[{address}]" if ":" in address else address
    assert verdict(f"http://{host}/", guard) == expected


@pytest.mark.parametrize(("text", "expected"), HOSTS_IN_URLS)
def test_urls_are_read_by_the_letter(text: str, expected: str, guard: EgressGuard) -> None:
    """A URL about which two parsers may disagree is refused."""
    assert verdict(text, guard) == expected


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "foo.localhost", "a.example"])
def test_a_name_is_judged_by_where_it_leads(name: str, guard: EgressGuard) -> None:
    """No list of names: the address decides."""
    host = urls.parse(f"http://{name}/").host
    assert guard.objection(host, 80, "127.0.0.1") == "loopback"
    assert guard.objection(host, 80, "8.8.8.8") is None


def test_international_names_become_ascii() -> None:
    """Real names of the world work, as the name system writes them."""
    assert urls.parse("https://bücher.example/ö?q=ß").text == "https://xn--bcher-kva.example/%C3%B6?q=%C3%9F"


@pytest.mark.parametrize(
    ("settings", "host", "address", "expected"),
    [
        ({"allow_networks": ["10.20.0.0/16"]}, "h", "10.20.3.4", None),
        ({"allow_networks": ["10.20.0.0/16"]}, "h", "10.21.0.1", "private"),
        (
            {"allow_networks": ["10.20.0.0/16"], "deny_networks": ["10.20.9.0/24"]},
            "h",
            "10.20.9.1",
            "deny_networks",
        ),
        ({"deny_networks": ["8.8.8.0/24"]}, "h", "8.8.8.8", "deny_networks"),
        ({"allow_hosts": ["app.internal"]}, "app.internal", "10.0.0.1", None),
        ({"allow_hosts": ["app.internal"]}, "app.internal.", "10.0.0.1", None),
        ({"allow_hosts": ["app.internal"]}, "x.app.internal", "10.0.0.1", "private"),
        ({"allow_hosts": ["*.internal"]}, "x.app.internal", "10.0.0.1", None),
        ({"allow_hosts": ["*.internal"]}, "internal", "10.0.0.1", "private"),
        ({"allow_hosts": ["*.internal"]}, "evilinternal", "10.0.0.1", "private"),
        ({"egress": "open"}, "h", "127.0.0.1", None),
        ({"egress": "report"}, "h", "127.0.0.1", "loopback"),
        ({"egress": "loopback"}, "h", "127.3.2.1", None),
        ({"egress": "loopback"}, "h", "::1", None),
        ({"egress": "loopback"}, "h", "8.8.8.8", "not loopback"),
    ],
)
def test_the_operators_rules_come_in_order(
    settings: dict[str, object], host: str, address: str, expected: str | None
) -> None:
    """Denials of the operator first, then permissions, then the built-in list."""
    objection = EgressGuard(**settings).objection(host, 80, address)  # type: ignore[arg-type]
    assert objection == (expected and expected.replace("deny_networks", "in deny_networks"))


def test_ports_can_be_opened_one_by_one() -> None:
    """A voice server on an odd port costs one line of configuration."""
    guard = EgressGuard(deny_ports=NOT_FOR_THE_WEB, allow_ports=["5060", "90-99"])
    assert [guard.objection("h", port, "8.8.8.8") for port in (5060, 95, 5061)] == [
        None,
        None,
        "port 5061 is denied",
    ]


def test_own_addresses_are_denied_unless_listed() -> None:
    """A public address of this very machine leads to our own services."""
    assert EgressGuard().objection("h", 80, "8.8.8.8", own=True) == "this machine's own address"
    assert EgressGuard(allow_networks=["8.8.8.8"]).objection("h", 80, "8.8.8.8", own=True) is None


@pytest.mark.parametrize(
    "settings", [{"egress": "strict"}, {"allow_networks": ["10.0.0.1/8"]}, {"deny_ports": ["http"]}]
)
def test_rules_that_cannot_be_read_stop_the_start(settings: dict[str, object]) -> None:
    """A guard with a misspelt rule would be a hole."""
    with pytest.raises(ConfigError):
        EgressGuard(**settings)  # type: ignore[arg-type]


def test_public_addresses_may_be_shown() -> None:
    """Debug documents hold public addresses only."""
    assert [why_not_public(address) for address in ("8.8.8.8", "10.0.0.1")] == [None, "private"]
