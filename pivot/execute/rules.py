"""What the engine follows beside a call's own state: the operator's choices, the same for all calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pivot.execute.profile import FailureRules, ProfileChoice, choose_profile, failure_rules
from pivot.model.call import PivotRequest
from pivot.model.overrides import read_overrides
from pivot.translate.rules import TranslateRules


@dataclass(frozen=True, slots=True)
class Rules:
    """Handed to every machine; not part of a call's state, so a rebuilt call follows the current rules."""

    translate: TranslateRules
    failures: FailureRules = field(default_factory=lambda: failure_rules("documented"))
    profile: str = "kazoo"
    profile_by_account: Mapping[str, str] = field(default_factory=dict)
    slow_after_s: float = 0.25
    """A fetch that takes longer costs a binding: the caller may hang up meanwhile."""
    reserve_s: float = 1.2
    """`failed` leaves this long before callflow stops waiting."""
    fallback_url: str = ""
    """Asked when a URL fails and its fragment names no `#fb=`; empty: none."""
    max_iterations: int = 200
    """Documents in a row, each over before the caller could hear it, that are taken for a loop."""
    brief_s: float = 0.25
    """A document that ran shorter was not heard: a file that is not there costs 20 ms, a word some 300."""
    max_hasty: int = 20
    """Documents within `hasty_within_s` during which the caller heard, said and pressed nothing: a loop."""
    hasty_within_s: float = 10.0
    apology: str = ""
    """Spoken before we hang up on a call that is ours; empty: nothing."""
    speech_wait_s: float = 3.0
    """How long a caller waits for a plug-in's speech; then the switch speaks instead."""
    later_deadline_s: float = 15.0
    """Everything about one fetch of a call that is ours ends by then."""
    goodbye_s: float = 5.0
    """After our hang-up: how long to wait for the channel's end."""
    watch_s: float = 10.0
    """Nothing was heard of the channel for so long: ask whether it exists."""
    watch_at_most_s: float = 60.0
    """While its existence is all that is heard of, each question waits `watch_s` longer, up to this."""
    watch_answer_s: float = 2.0
    """Who has the channel says so within this."""
    watch_tries: int = 2
    linger_s: float = 10.0
    """After the call: how long to wait for its recordings."""
    recording_extension: str = "mp3"
    """File type of recordings: `mp3` or `wav`; system config `callflow.call_recording.extension`."""
    sends_messages: bool = False
    """Sms hands its text to the cluster's messaging application."""
    refer_dials: bool = False
    """Refer is carried out as a Dial to its target, as the bus has no REFER."""
    stream_gateway: str = ""
    """SIP URI of what carries a call's audio to WebSockets, see `docs/gateway.md`; empty: there is none."""
    recordings_url: str = ""
    """Where recordings are put and fetched, unless a document says so; empty: under the verb's action."""

    def profile_of(self, request: PivotRequest) -> ProfileChoice:
        """How parameters, ids, URLs and timing are in this call."""
        account = request.call.account_id or ""
        in_fragment = read_overrides(request.voice_uri).profile
        return choose_profile(self.profile, self.profile_by_account.get(account), in_fragment)
