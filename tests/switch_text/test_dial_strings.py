"""Random documents, callers and devices: every text is found where it was put, and nothing else is.

The dial strings are written as ecallmgr of Kazoo 4.3 and 5 would write them, and read as FreeSWITCH would.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pivot.cluster.endpoints import Owned, endpoints_of
from pivot.model.dialling import BridgeTo, CallApart, DialCarrier, EndpointsFound, LookUpEndpoints
from pivot.model.switch import SetNumber
from pivot.wire.envelope import Sender
from pivot.wire.messages import encode_command
from tests.calls import call, pivot_request
from tests.cluster.documents import account, device, user
from tests.execute.histories import History
from tests.rules import RULES
from tests.switch_text.reader import Read, read_bridge, read_multiset, read_originate
from tests.switch_text.texts import TEXTS
from tests.switch_text.writer import Version, meant, written_bridge, written_multiset, written_originate

SENDER = Sender("pivot@apps", "own-queue")
VERSIONS: tuple[Version, ...] = ("4.3", "5")
HOSTS = st.sampled_from(["a@h.test", "b@h.test:5070;transport=tcp", "c@[::1]"])


@st.composite
def sips(draw: st.DrawFn, shared: tuple[str, str, str]) -> str:
    """A Sip whose texts are often those of its neighbours: what is common travels in another place."""
    value, user_name, password = (each if draw(st.booleans()) else draw(TEXTS) for each in shared)
    address = f"sip:{draw(HOSTS)}" if draw(st.integers(0, 4)) else draw(TEXTS)
    apart = " url='/w'" if draw(st.integers(0, 3)) == 0 else ""
    headers = f"<Headers><Header name='X-A' value={quoteattr(value)}/></Headers>"
    return (
        f"<Sip{apart} username={quoteattr(user_name)} password={quoteattr(password)}>{escape(address)}"
        f"{headers}</Sip>"
    )


@st.composite
def dials(draw: st.DrawFn) -> str:
    shared = (draw(TEXTS), draw(TEXTS), draw(TEXTS))
    nouns = draw(st.lists(sips(shared), max_size=3))
    nouns += draw(st.lists(st.just("<Number>+15550009999</Number>"), max_size=1))
    if draw(st.booleans()):
        nouns.append(f"<Client>joey<Parameter name='P' value={quoteattr(shared[0])}/></Client>")
    return f"<Dial callerId={quoteattr(draw(TEXTS))} ringTone='fr'>{''.join(nouns)}</Dial>"


@st.composite
def phones(draw: st.DrawFn) -> tuple[Owned, ...]:
    text = draw(TEXTS)

    def one(number: int) -> Owned:
        own = text if draw(st.booleans()) else draw(TEXTS)
        sip = {
            "username": own or "kate",
            "static_invite": own,
            "custom_sip_headers": {"in": {"X-B": own, own: "1"}},
            "ip": draw(st.sampled_from(["", own])),
            "custom_sip_interface": draw(st.sampled_from(["", own])),
            "forward": own,
            "realm": draw(st.sampled_from(["", own])),
        }
        if draw(st.booleans()):
            sip |= {"invite_format": "route", "route": own}
        extra = {
            "name": own,
            "presence_id": own,
            "music_on_hold": {"media_id": own},
            "call_forward": {"enabled": draw(st.booleans()), "number": own},
            "caller_id": {"internal": {"name": own, "number": own}},
            "media": {"audio": {"codecs": ["PCMU", own]}},
        }
        return Owned(device(f"d{number}", sip=sip, **extra), user(first_name=own))

    return tuple(one(number) for number in range(draw(st.integers(0, 2))))


def commands_of(document: str, found: tuple[Owned, ...], name: str, number: str) -> list[dict[str, Any]]:
    """Messages about parties that this document sends, to whom it may concern."""
    caller = call(caller_id_name=name, caller_id_number=number)
    history = History(document, RULES, pivot_request(call=caller))
    for lookup in [item for item in history.done if isinstance(item, LookUpEndpoints)]:
        endpoints = endpoints_of(caller, found, account())
        history.happens(EndpointsFound(lookup.lookup_id, tuple(endpoints for _ in lookup.wanted)))
    wanted = (BridgeTo, CallApart, SetNumber, DialCarrier)
    sent = [item for item in history.done if isinstance(item, wanted)]
    return [orjson.loads(encode_command(caller, item, SENDER, "unused").payload) for item in sent]


@pytest.mark.slow
@given(dials(), phones(), TEXTS, TEXTS)
@settings(max_examples=400)
@example("<Dial><Sip>sip:a@h<Headers><Header name='X-A' value='x y'/></Headers></Sip></Dial>", (), "B", "1")
def test_every_text_is_where_it_was_put_and_nothing_else_is(
    document: str, found: tuple[Owned, ...], name: str, number: str
) -> None:
    """Headers, user names, passwords, addresses, caller ids, clients' parameters and devices' documents."""
    for message in commands_of(document, found, name, number):
        for version in VERSIONS:
            judge(message, version)


def judge(message: dict[str, Any], version: Version) -> None:
    """Read a message the way the switch would and compare."""
    if message.get("Application-Name") == "bridge" and "Endpoints" in message:
        check(read_bridge(written_bridge(message, version)), message)
    elif message["Event-Name"] == "originate_req":
        read = read_originate(written_originate(message, version))
        assert read.arguments == ["&park()"]
        check(read, message)
    elif message.get("Application-Name") == "set":
        written = {f"ecallmgr_{key}" for key in message["Custom-Channel-Vars"]}
        assert set(read_multiset(written_multiset(message))) <= written


def check(read: Read, message: dict[str, Any]) -> None:
    """One leg for each endpoint, with its own variables and the common ones, each with its value."""
    endpoints = message["Endpoints"]
    outer = meant({key: value for key, value in message.items() if key != "Endpoints"})
    assert read.findings == []
    assert len(read.legs) == len(endpoints)
    for leg, endpoint in zip(read.legs, endpoints, strict=True):
        own = meant(endpoint)
        found = read.common | leg.variables
        found.pop("Overwrite-Channel-Vars")
        found.pop("absolute_codec_string", None)
        assert found == outer | own
        assert leg.dialled.split("/")[0] in ("sofia", "loopback")
        assert not leg.dialled.startswith("loopback/app=")
        if endpoint["Invite-Format"] == "route":
            assert leg.dialled == f"sofia/sipinterface_1/{endpoint.get('Route', '')}"


RCE = "x>loopback/app=system:touch /path/made-by-the-document"


@pytest.mark.parametrize(
    ("members", "version", "apart"),
    [
        ({"Custom-SIP-Headers": {"X-A": RCE}}, "5", False),
        ({"Auth-Password": RCE}, "5", False),
        ({"Auth-User": RCE.replace(">", "}")}, "4.3", False),
        ({"Custom-SIP-Headers": {"X-A": "1!execute_on_answer=reboot"}}, "5", True),
        ({"Custom-SIP-Headers": {"X-A": "1]loopback/app=system:x"}}, "5", True),
        ({"Custom-SIP-Headers": {"X-A": "hello world"}}, "5", True),
        ({"Custom-SIP-Headers": {"X-A": "1,execute_on_answer=x"}}, "5", False),
        ({"Custom-SIP-Headers": {"X-A": "1|loopback/app=system:x"}}, "5", True),
        ({"Custom-SIP-Headers": {"X-A": "it's", "X-B": "joe's"}}, "5", True),
        ({"Auth-Password": "ends\\"}, "5", False),
        ({"Outbound-Caller-ID-Number": "1:_:2"}, "5", False),
        ({"Custom-SIP-Headers": {"X-A": "${system(x)}"}}, "5", False),
        ({"Custom-SIP-Headers": {"X-A": "$\\'{system(x)}"}}, "5", False),
        ({"Custom-SIP-Headers": {"X-A": "ARRAY::1"}}, "5", False),
    ],
)
def test_the_model_sees_what_was_done_to_a_real_switch(
    members: dict[str, Any], version: Version, apart: bool
) -> None:
    """Without the guards each of these is found: a model that finds nothing would prove nothing."""
    endpoint = {"Invite-Format": "route", "Route": "sip:a@h.test", **members}
    other = endpoint | {"Route": "sip:b@h.test"}
    message = {"Endpoints": [endpoint] if apart else [endpoint, other]}
    written = written_originate(message, version) if apart else written_bridge(message, version)
    read = read_originate(written) if apart else read_bridge(written)

    assert read.arguments != (["&park()"] if apart else []) or not _passes(read, message)


def _passes(read: Read, message: dict[str, Any]) -> bool:
    try:
        check(read, message)
    except AssertionError:
        return False
    return True
