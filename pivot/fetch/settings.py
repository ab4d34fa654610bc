"""What an operator can set about fetching; every key of `[fetch]`."""

from __future__ import annotations

from dataclasses import dataclass, field

# Where no voice application listens, but mail, databases, switches and Kazoo's own services do.
NOT_FOR_THE_WEB = (
    "1-79",
    "88",
    "90-442",
    "444-1023",
    "1433",
    "1521",
    "2049",
    "2181",
    "2375-2380",
    "3306",
    "3389",
    "4369",
    "5038",
    "5060-5061",
    "5432",
    "5671-5672",
    "5900",
    "5984-5986",
    "6000-6063",
    "6379",
    "6443",
    "6667",
    "8021-8022",
    "9042",
    "9100",
    "9200",
    "9300",
    "10250",
    "10255",
    "11211",
    "15671-15672",
    "15692",
    "15984",
    "15986",
    "24984",
    "24986",
    "25672",
    "27017",
)

AT_RUN_TIME = frozenset(
    {
        *("timeout_s", "connect_timeout_s", "retries", "retry_on", "retry_delay_s", "min_attempt_s"),
        *("notice_retries", "notice_retry_on"),
        *("fallback_url", "max_redirects", "insecure_redirects", "max_json_bytes", "max_xml_bytes"),
        *("max_url_bytes", "min_rate_bytes_s"),
        *("egress", "allow_networks", "allow_hosts", "deny_networks", "deny_hosts"),
        *("allow_ports", "deny_ports"),
    }
)
"""What may change while fetches run; the rest belongs to connections and places that stand already."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Origins are written `https://app.example` or `http://app.example:8080`."""

    timeout_s: float = 5.0  # limit of one attempt, redirects included; a request's own Request-Timeout wins
    connect_timeout_s: float = 3.0  # name, TCP and TLS together; `#ct=` may shorten it
    dns_timeout_s: float = 2.0  # how long one name may take to resolve
    retries: int = 1  # further attempts after the first; `#rc=` replaces it
    retry_on: tuple[str, ...] = ("ct",)  # which failures: ct, rt, 4xx, 5xx; `#rp=` replaces it
    notice_retries: int = 2  # further attempts of callbacks and CDRs, whose answers no caller waits for
    notice_retry_on: tuple[str, ...] = ("ct", "5xx")  # which failures of theirs; the fragment wins here, too
    retry_delay_s: float = 0.1  # before the first retry; doubles with each, varied by half
    min_attempt_s: float = 0.5  # a retry with less time than this before the deadline is not started
    fallback_url: str = ""  # asked when a voice_url fails; empty: none; `#fb=` replaces it
    max_redirects: int = 10  # hops that one attempt may follow
    insecure_redirects: bool = False  # true: follow a redirect from https to http
    max_json_bytes: int = 262_144  # decoded body of a JSON answer, and of unknown types
    max_xml_bytes: int = 65_536  # decoded body of an XML answer
    max_header_bytes: int = 32_768  # status line and headers of an answer, informational answers included
    max_url_bytes: int = 16_384  # longest URL that is asked, parameters included
    max_inflight_bytes: int = 16_777_216  # all bodies being read, together
    min_rate_bytes_s: int = 200  # a body slower than this, after two seconds' grace, is given up
    per_host: int = 256  # fetches in flight to one origin
    per_account: int = 256  # fetches in flight for one account
    max_connections: int = 2048  # fetches in flight altogether
    breaker: bool = True  # after a run of failures, fail at once for a while
    breaker_failures: int = 20  # failures in a row that open an origin's breaker
    breaker_open_s: float = 5.0  # how long it stays open before one probe is let through
    egress: str = "enforce"  # which addresses may be called: enforce, report (log only), open, loopback
    allow_networks: tuple[str, ...] = ()  # networks of private voice servers: ["10.20.0.0/16"]
    allow_hosts: tuple[str, ...] = ()  # names that may resolve to private addresses; `*.example` for a domain
    deny_networks: tuple[str, ...] = ()  # never called, whatever else is allowed; as CIDR
    deny_hosts: tuple[str, ...] = ()  # names never called; `*.example` for a domain
    allow_ports: tuple[str, ...] = ()  # ports or ranges to be called although `deny_ports` has them
    deny_ports: tuple[str, ...] = NOT_FOR_THE_WEB  # ports or ranges never called, on any address
    nameservers: tuple[str, ...] = ()  # `host` or `host:port`; empty: those of the system
    keepalive_s: float = 4.0  # idle connections are kept this long; common servers close theirs after 5 s
    verify_tls: bool = True  # false: accept any certificate
    ca_file: str = ""  # further authorities to trust, PEM
    client_cert_file: str = ""  # our certificate for servers that ask for one, PEM
    client_key_file: str = ""  # its key; empty: in the certificate's file
    traceparent: bool = False  # send a W3C `traceparent` header; one trace per call
    origin_headers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # origin: `Name: value` lines
    credentials: dict[str, str] = field(default_factory=dict)  # origin: `user:password` or `Bearer token`
    signing_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # account or `*`: `whsec_...` keys
    twilio_tokens: dict[str, str] = field(default_factory=dict)  # account or `*`: X-Twilio-Signature's token
