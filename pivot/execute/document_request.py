"""A question to the customer's server: for the call's next document, or for one that a leg of it runs."""

from __future__ import annotations

from dataclasses import replace

from pivot.execute.call_data import Question
from pivot.execute.cookies import cookie_header
from pivot.execute.parameters import ChildLeg, RequestSource, remember
from pivot.execute.profile import Profile
from pivot.execute.request import build_request
from pivot.execute.state import CallState
from pivot.model.call import Method
from pivot.model.commands import Fetch
from pivot.model.fetch import FetchRequest

Texts = tuple[tuple[str, str], ...]


def ask(
    state: CallState,
    profile: Profile,
    url: str,
    method: Method,
    deadline_s: float,
    extra: Texts = (),
    *,
    leg: ChildLeg | None = None,
    leg_status: str | None = None,
    is_fallback: bool = False,
    is_aside: bool = False,
) -> tuple[Question, Fetch]:
    """The question, to be kept until its answer comes, and the command that asks it.

    Args:
        state: the call's; counts the iteration.
        profile: how parameters and URLs are.
        url: absolute.
        method: of the request.
        deadline_s: all attempts end so many seconds from now.
        extra: what the verb adds.
        leg: whom the request is about, when not the caller.
        leg_status: the leg's CallStatus; None: the call's.
        is_fallback: a failed question is asked again elsewhere.
        is_aside: for a document beside the call's own, which guards itself against loops.
    """
    state.iteration += 1 if state.iteration else _first_iteration(state)
    if leg is None and not is_aside:
        extra = with_keys(state, profile, extra)
    request = request_of(state, source_of(state, profile, url, method, extra, leg, leg_status), deadline_s)
    state.documents += 0 if is_aside else 1
    if leg is None:
        state.earlier = remember(profile, state.earlier, extra)
    question = Question(request.fetch_id, url, request.url, method, extra, is_fallback, state.iteration)
    return question, Fetch(request)


def source_of(
    state: CallState,
    profile: Profile,
    url: str,
    method: Method,
    extra: Texts = (),
    leg: ChildLeg | None = None,
    leg_status: str | None = None,
) -> RequestSource:
    """What a request of this call is made from."""
    return RequestSource(
        request=state.request,
        profile=profile,
        url=url,
        method=method,
        iteration=state.iteration,
        first=state.documents == 0,
        call_status=leg_status or (state.dial_status if leg is None else "") or state.call_status,
        dialled=state.dialled,
        extra=extra,
        earlier=state.earlier if leg is None else (),
        user_variables=state.user_variables,
        owner_ids=state.owner_ids,
        shown_number=state.shown_number,
        leg=leg,
    )


def request_of(state: CallState, source: RequestSource, deadline_s: float) -> FetchRequest:
    """The request, with the call's cookies where the profile keeps them."""
    request = build_request(source, state.draw_id(), deadline_s)
    cookies = cookie_header(state.cookies, request.url) if source.profile.keeps_cookies else ""
    return replace(request, headers=(*request.headers, ("Cookie", cookies))) if cookies else request


def with_keys(state: CallState, profile: Profile, extra: Texts) -> Texts:
    """Keys that were pressed while nobody took them, where the profile tells them."""
    if not profile.keys_ride_on_next:
        return extra
    typed, wanted = state.typed, state.keys_wanted
    state.typed, state.keys_wanted = "", False
    has_digits = any(name == "Digits" for name, _ in extra)
    return extra if has_digits or not (typed or wanted) else (*extra, ("Digits", typed))


def _first_iteration(state: CallState) -> int:
    """callflow's counter goes on when its key-value store has one. Source: pivot_call.erl, init."""
    counter = state.request.call.key_value_store.get("pivot_counter")
    return counter + 1 if isinstance(counter, int) and not isinstance(counter, bool) else 1
