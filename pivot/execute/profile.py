"""Where Twilio and Kazoo differ: the one table, and the only place that knows which is in force.

Two choices, two tables. A *profile* governs parameters, ids, URLs and timing; it is chosen by setting, by
account or by a URL's fragment. The setting `[compat] failures` alone governs what errors do. Everybody
else asks for a row and never for a name.

No rows are what every setting does alike: after Dial or a conference the caller is still there and the B
leg's result is told; rooms belong to an account; a caller who hung up in Record hears no further document;
a Record's key never stands in for the digits of a later Gather; nothing is read through XML. There Kazoo's
way is dead air, a lost call or a leak.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pivot.model.codes import Code


class ProfileName(StrEnum):
    """What settings, accounts and fragments may name."""

    KAZOO = "kazoo"
    TWILIO = "twilio"


class SidFormat(StrEnum):
    """How ids are shown to applications."""

    RAW = "raw"
    PREFIXED = "prefixed"


class UrlResolution(StrEnum):
    """How a relative URL in a document is completed."""

    APPENDED = "appended"
    RFC_3986 = "rfc 3986"


class ParameterSet(StrEnum):
    """Which parameters a request in TwiML's format carries, and in which order."""

    KAZOO = "kazoo"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True)
class Profile:
    """One column of the table: how parameters, ids, URLs and timing are."""

    parameter_set: ParameterSet
    """Names, order, presence and media type of a TwiML request's parameters."""
    status_always: bool
    """CallStatus is the caller's real state, in every request; else only once a Dial has set it."""
    sid_format: SidFormat
    """`CA` and 32 hex digits, or the id that Kazoo uses itself."""
    sticky_params: bool
    """Recording, dial and queue results ride on every later request, not only on their own."""
    url_resolution: UrlResolution
    """Against the document's URL by the standard, or appended to it segment by segment."""
    base_follows_redirects: bool
    """The document's URL is the one that answered, or the one that was asked."""
    plain_files: bool
    """A name of a sound file without a path, `hello.mp3`, lies beside the document; else it is a media id."""
    wait_url_is_document: bool
    """A conference's `waitUrl` names a document to run, or an audio file."""
    say_interruptible: bool
    """A key stops Say and Play outside Gather; an attribute `terminators` wins in both profiles."""
    key_ends_round: bool
    """Such a key ends one round of `loop`, and the next one is heard; else it ends the verb."""
    typeahead: bool
    """Keys pressed before a Gather without prompts count for it."""
    gather_empty_without_prompt: bool
    """A Gather without prompts and without a key requests its action, without Digits."""
    answer_on_redirect: bool
    """A Redirect as first verb answers the call."""
    answer_on_pause: bool
    """A Pause as first verb answers the call."""
    answer_on_set: bool
    """A Set as first verb answers the call."""
    recordings_have_sid: bool
    """The request of a verb that recorded carries RecordingSid."""
    keys_ride_on_next: bool
    """Keys that no Gather has sent ride on the next request as Digits; where keys were wanted, none, too."""
    dial_of_nouns_answers: bool
    """A Dial of Number, Sip, Client, User or Device answers the call first; else whoever picks up does."""
    dial_sets_number: bool
    """The calling number that a Dial shows is the caller's from then on: on the channel and in requests."""
    dial_sets_status: bool
    """CallStatus after a Dial is how it ended, and stays so; else the caller's own state."""
    dial_ring_default_s: float
    """How long User, Device, Sip and Client ring when `timeout` is not given; a number always rings 30 s."""
    dial_shows_account: bool
    """Without `callerId`, a caller from inside the account is shown as its device, its owner and the account
    say, or as the call says."""
    caller_id_checked: bool
    """A number as `callerId` must be the account's or the caller's own."""
    reject_code: int
    """SIP answer of Reject without reason."""
    later_timeout_s: float | None
    """Limit of each fetch after the first; None: the same as the first's."""
    keeps_cookies: bool
    """Cookies that a server sets come back to it on later requests of the call."""
    cdr_tells_status: bool
    """The POST to `cdr_url` also carries the standard set, with the final CallStatus and CallDuration."""


_TABLE = {
    ProfileName.KAZOO: Profile(
        parameter_set=ParameterSet.KAZOO,
        status_always=False,
        sid_format=SidFormat.RAW,
        sticky_params=True,
        url_resolution=UrlResolution.APPENDED,
        base_follows_redirects=False,
        plain_files=False,
        wait_url_is_document=False,
        say_interruptible=True,
        key_ends_round=True,
        typeahead=True,
        gather_empty_without_prompt=True,
        answer_on_redirect=True,
        answer_on_pause=True,
        answer_on_set=True,
        recordings_have_sid=False,
        keys_ride_on_next=True,
        dial_of_nouns_answers=False,
        dial_sets_number=True,
        dial_sets_status=True,
        dial_ring_default_s=20.0,
        dial_shows_account=True,
        caller_id_checked=False,
        reject_code=503,
        later_timeout_s=None,
        keeps_cookies=False,
        cdr_tells_status=False,
    ),
    ProfileName.TWILIO: Profile(
        parameter_set=ParameterSet.TWILIO,
        status_always=True,
        sid_format=SidFormat.PREFIXED,
        sticky_params=False,
        url_resolution=UrlResolution.RFC_3986,
        base_follows_redirects=True,
        plain_files=True,
        wait_url_is_document=True,
        say_interruptible=False,
        key_ends_round=False,
        typeahead=False,
        gather_empty_without_prompt=False,
        answer_on_redirect=False,
        answer_on_pause=False,
        answer_on_set=False,
        recordings_have_sid=True,
        keys_ride_on_next=False,
        dial_of_nouns_answers=True,
        dial_sets_number=False,
        dial_sets_status=False,
        dial_ring_default_s=30.0,
        dial_shows_account=False,
        caller_id_checked=True,
        reject_code=603,
        later_timeout_s=15.0,
        keeps_cookies=True,
        cdr_tells_status=True,
    ),
}


def profile_named(name: str) -> Profile:
    """The profile that a setting names.

    Raises:
        ValueError: there is no such profile; the message lists those that there are.
    """
    try:
        return _TABLE[ProfileName(name)]
    except ValueError:
        raise ValueError(f"no profile is called {name[:40]!r}; want {' or '.join(ProfileName)}") from None


@dataclass(frozen=True, slots=True)
class ProfileChoice:
    """A call's profile, and what was odd about the way it was chosen."""

    profile: Profile
    warning: str | None = None


def choose_profile(
    setting: str, for_account: str | None = None, in_fragment: str | None = None
) -> ProfileChoice:
    """The fragment beats the account's setting, which beats the general one.

    Args:
        setting: `[twiml] profile`.
        for_account: the account's entry in `[twiml.accounts]`, if it has one.
        in_fragment: `Overrides.profile` of the call's first URL; a name that means nothing is passed over
            with a warning, because it is the customer's and not the operator's.

    Raises:
        ValueError: a setting names no profile.
    """
    configured = profile_named(for_account or setting)
    if in_fragment is None:
        return ProfileChoice(configured)
    try:
        return ProfileChoice(profile_named(in_fragment))
    except ValueError as error:
        return ProfileChoice(configured, f"#profile is ignored: {error}")


@dataclass(frozen=True, slots=True)
class FailureRules:
    """What errors do: one column of the second table."""

    accepted_statuses: frozenset[int] | None
    """HTTP statuses whose body is run; None: every 2xx."""
    untyped_is_xml: bool
    """An answer without content type is XML; else its body tells."""
    hang_up_on: frozenset[Code]
    """Failures of the first document that end the call instead of branching."""
    say_failed_before_hang_up: frozenset[Code]
    """Those of `hang_up_on` in which callflow is told `failed` as well."""
    unknown_verb_aborts: bool
    """An unknown verb drops the rest of the document and hangs up; else it is skipped with a warning."""
    bad_value_aborts: bool
    """So does an attribute's bad value where Kazoo minds it; else its default is used with a warning."""
    hang_up_at_end_despite_cdr_url: bool
    """A document that ends hangs up although a `cdr_url` waits for the call's end."""


_UNREADABLE = frozenset({Code.ANSWER_JSON, Code.ANSWER_XML, Code.ANSWER_TYPE, Code.TWIML_ROOT})
_FAILURES = {
    "documented": FailureRules(
        accepted_statuses=None,
        untyped_is_xml=False,
        hang_up_on=frozenset(),
        say_failed_before_hang_up=frozenset(),
        unknown_verb_aborts=False,
        bad_value_aborts=False,
        hang_up_at_end_despite_cdr_url=True,
    ),
    "kazoo": FailureRules(
        accepted_statuses=frozenset({200, 206}),
        untyped_is_xml=True,
        hang_up_on=_UNREADABLE | {Code.ANSWER_EMPTY, Code.ANSWER_SCHEMA},
        say_failed_before_hang_up=_UNREADABLE,
        unknown_verb_aborts=True,
        bad_value_aborts=True,
        hang_up_at_end_despite_cdr_url=False,
    ),
}


def failure_rules(name: str) -> FailureRules:
    """The column that the setting `[compat] failures` names.

    Raises:
        ValueError: there is no such column.
    """
    try:
        return _FAILURES[name]
    except KeyError:
        raise ValueError(f"compat.failures is {name[:40]!r}, want {' or '.join(_FAILURES)}") from None
