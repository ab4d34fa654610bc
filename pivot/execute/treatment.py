"""What a caller hears who waits, in a queue or for a conference: a document, music, or silence.

Who lets the caller wait decides what each request tells, so the treatment says when it is `due` and is then
told to `ask`. A document without anything to hear must not ask its server in a tight loop: after a short
burst there is one request a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pivot.execute.document_request import Texts
from pivot.execute.side_document import SideDocument
from pivot.execute.step_context import Commands, StepContext
from pivot.execute.step_result import AskFor, Finish, StopWaiting
from pivot.model.call import Method
from pivot.model.commands import CancelTimer, StartTimer
from pivot.model.dialling import HoldMusic
from pivot.model.events import Event, Executed, TimerFired
from pivot.model.notes import Waiting
from pivot.model.plain import plain
from pivot.model.switch import StopMedia
from pivot.translate.twiml.places import Place

_APART_S = 1.0
"""Between two requests, when a burst is over."""
_BURST = 3
_CLOCK_GRAIN_S = 0.01


@plain
@dataclass(slots=True)
class Treatment:
    """`result` is set when the document ends the call or the waiting."""

    place: Place
    """Which verbs may run in its document."""
    next: AskFor | None = None
    """What is asked for when it is due, absolute; None: music or silence."""
    repeats: bool = True
    """A document that ends is asked for again; else it leaves silence."""
    due: bool = False
    document: SideDocument | None = None
    failed: bool = False
    """There was no document that could be run."""
    music: bool = False
    media: str | None = None
    """Of the music; None: the channel's own."""
    timer: str = ""
    asked_at_s: float | None = None
    hasty: int = 0
    """Requests in a row that came too soon."""
    result: Finish | StopWaiting | None = None

    @classmethod
    def of(
        cls, wait_url: str | None, method: Method, context: StepContext, place: Place, *, repeats: bool = True
    ) -> Treatment:
        """As a verb names it: None is music, empty is silence."""
        if wait_url is None:
            return cls(place, music=True)
        return cls(place, AskFor(context.resolve(wait_url), method) if wait_url else None, repeats)

    def start(self, context: StepContext) -> Commands:
        """Begin, or go on after an interruption."""
        if self.music:
            yield from self.play_music(context)
        elif self.next is None:
            yield Waiting(None)
        else:
            yield Waiting(self.next.url)
            yield from self._schedule(context)

    def play_music(self, context: StepContext) -> Commands:
        """From now on, whatever was meant to be heard."""
        self.next, self.music = None, True
        yield HoldMusic(context.draw_id(), self.media)

    def ask(self, context: StepContext, told: Texts = ()) -> Commands:
        """Ask for the document that is due; `told` goes with the request."""
        if self.next is None or not self.due:
            return
        self.due, self.asked_at_s = False, context.at_s
        self.document = SideDocument(context.leg, self.place, patient=True)
        extra = (*self.next.parameters, *told)
        yield from self.document.ask(self.next.url, self.next.method, self._line(context), extra)

    def receive(self, event: Event, context: StepContext) -> Commands:
        if isinstance(event, TimerFired) and event.name == self.timer:
            self.due, self.timer = True, ""
        elif self.media is not None and _is_unplayable(event, context):
            yield context.fault(
                f"what is to be heard while waiting cannot be played: {self.media[:200]}", 13233
            )
            self.media = None
            yield from self.play_music(context)
        elif self.document is not None:
            yield from self.document.receive(event, self._line(context))
            yield from self._follow(self.document, context)

    def stop(self, context: StepContext) -> Commands:
        """Silence; `start` goes on."""
        self.due = False
        if self.timer:
            yield CancelTimer(self.timer)
            self.timer = ""
        if self.document is not None:
            yield from self.document.stop(context)
            self.document = None
        if self.music:
            yield StopMedia(context.draw_id())

    def _line(self, context: StepContext) -> StepContext:
        return replace(context, queued=self.place is Place.QUEUE_WAIT)

    def _follow(self, document: SideDocument, context: StepContext) -> Commands:
        if document.wanted is not None:
            self.document, self.next = None, document.wanted
            yield from self._schedule(context)
        elif document.failed:
            self.document, self.failed = None, True
        elif isinstance(document.result, Finish) and not document.result.asked:
            self.document = None
            if self.next is not None and self.repeats:
                self.next = replace(self.next, parameters=())
                yield from self._schedule(context)
        elif document.result is not None:
            self.document, self.result = None, document.result

    def _schedule(self, context: StepContext) -> Commands:
        ago_s = _APART_S if self.asked_at_s is None else context.at_s - self.asked_at_s
        is_hasty = ago_s < _APART_S - _CLOCK_GRAIN_S
        self.hasty = self.hasty + 1 if is_hasty else 0
        if self.hasty <= _BURST:
            self.due = True
        else:
            self.timer = f"wait {context.draw_id()}"
            yield StartTimer(self.timer, _APART_S - ago_s)


def _is_unplayable(event: Event, context: StepContext) -> bool:
    """The media's end at once: a file that cannot be had, or is no sound, as a document in the place of one.

    What is broken off ends with another word, or after we have stopped listening.
    """
    match event:
        case Executed(call_id, "hold", "FILE NOT FOUND" | "PLAYBACK ERROR"):
            return call_id == context.leg
    return False
