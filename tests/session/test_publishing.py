"""The broker does not say what became of a message: it may have taken effect."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pivot.errors import BusError
from pivot.model.codes import Code, Outcome
from pivot.model.commands import BusCommand, End, HandOverFlow, SayFailed, SayProcessing
from pivot.model.switch import AnswerCall, Hangup, SpeakText
from tests.calls import CALL_ID, answer, twiml
from tests.session.test_session import FLOW, Scene

LATE = BusError(Code.BUS_LOST, "not confirmed in time", unconfirmed=True, in_line=True)
BROKEN = BusError(Code.BUS_LOST, "the connection broke", unconfirmed=True)


def breaks_once(scene: Scene, on: type, comes_back_after_s: float) -> None:
    """The connection breaks while this command is in flight."""
    breaks: Iterator[BusError] = iter([BROKEN])

    def confirm(command: BusCommand) -> BusError | None:
        error = next(breaks, None) if isinstance(command, on) else None
        if error is not None and not scene.delivery.acknowledged:
            scene.delivery.lost = True
        return error

    scene.delivery.comes_back_after_s = comes_back_after_s
    scene.bus.confirm = confirm


def sent(scene: Scene) -> list[type]:
    return [type(command) for _, command in scene.bus.sent]


def test_the_flow_follows_an_unconfirmed_processing() -> None:
    """callflow stopped waiting when it heard it, and only the flow brings the call on."""
    scene = Scene()
    scene.bus.confirm = lambda command: LATE if isinstance(command, SayProcessing) else None

    end, _ = scene.run()

    assert end == End(Outcome.OK)
    assert sent(scene) == [SayProcessing, HandOverFlow]
    assert scene.delivery.acknowledged == 1


def test_the_words_follow_an_unconfirmed_processing() -> None:
    """The call is ours as far as callflow knows."""
    scene = Scene(lambda request: twiml("<Say>Hello</Say>"))
    scene.bus.confirm = lambda command: LATE if isinstance(command, SayProcessing) else None

    end, _ = scene.run()

    assert end == End(Outcome.OK)
    assert sent(scene) == [SayProcessing, AnswerCall, SpeakText, Hangup]


@pytest.mark.parametrize("document", [answer(FLOW), twiml("<Say>Hello</Say>")], ids=["flow", "TwiML"])
def test_a_processing_that_broke_off_is_said_again_when_the_request_is_ours(document: object) -> None:
    """A second one does no harm, and then it is certain that callflow waits no longer."""
    scene = Scene(lambda request: document)  # type: ignore[arg-type, return-value]
    breaks_once(scene, SayProcessing, comes_back_after_s=1.0)

    end, _ = scene.run()

    assert end == End(Outcome.OK)
    assert sent(scene)[:2] == [SayProcessing, SayProcessing]
    assert sent(scene)[2] in (HandOverFlow, AnswerCall)
    assert scene.delivery.acknowledged == 1


def test_what_may_have_been_heard_is_followed_up_after_callflows_time() -> None:
    """The broker needed twenty seconds; the caller who is still there has heard nothing since."""
    scene = Scene()
    breaks_once(scene, SayProcessing, comes_back_after_s=20.0)

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert sent(scene) == [SayProcessing, HandOverFlow]
    assert at_s == pytest.approx(20.0, abs=1.0)


def test_what_another_worker_has_been_given_is_left_to_it() -> None:
    """It says `processing` and the flow itself; two would begin the flow twice."""
    scene = Scene()
    breaks_once(scene, SayProcessing, comes_back_after_s=1e6)

    end, _ = scene.run()

    assert (end.outcome, end.code) == (Outcome.GONE, Code.BUS_LOST)
    assert sent(scene) == [SayProcessing]


def test_an_answer_waits_for_the_connection_as_long_as_callflow_waits() -> None:
    """The connection broke while the server was asked, and nobody else was given the request."""
    scene = Scene(delay_s=1.0)
    scene.delivery.lost, scene.delivery.comes_back_after_s = True, 5.0

    end, at_s = scene.run()

    assert end == End(Outcome.OK)
    assert (sent(scene), scene.delivery.acknowledged) == ([SayProcessing, HandOverFlow], 1)
    assert at_s == pytest.approx(6.0, abs=0.5)


def test_a_failure_waits_for_the_connection_too() -> None:
    """callflow is told, instead of waiting for its ten seconds."""
    scene = Scene(lambda request: answer("{"), delay_s=1.0)
    scene.delivery.lost, scene.delivery.comes_back_after_s = True, 5.0

    end, _ = scene.run()

    assert (end.outcome, sent(scene)) == (Outcome.BRANCHED, [SayFailed])


def test_a_flow_that_broke_off_is_sent_again() -> None:
    """It may begin twice; the other case is a caller who hears nothing."""
    scene = Scene()
    breaks_once(scene, HandOverFlow, comes_back_after_s=1.0)

    end, _ = scene.run()

    assert end == End(Outcome.OK)
    assert scene.bus.sent[1:] == [(CALL_ID, HandOverFlow(FLOW))] * 2
    assert scene.delivery.acknowledged == 1
