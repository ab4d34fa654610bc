"""Calls on the terminal: a table of many, a story of one.

What strangers sent is printed here, so everything passes `clean`: no text may move the cursor, change
colours or turn the direction of writing round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pivot.codes import entry_of
from pivot.debug.activity import activity
from pivot.debug.call_text import clean, iso_time
from pivot.debug.headline import sentence_of, sentence_of_row
from pivot.debug.headline.causes import warning_words
from pivot.debug.store import CallRow
from pivot.debug.story import Answered, Asked, Exchange, Run, Story
from pivot.model.json import Json, JsonObject

MAX_BODY_LINES = 60
_STYLE = {"ok": "green", "recovered": "yellow", "branched": "red", "hung_up": "red", "gone": "dim"}
_QUIET = ("at_ms", "what")


def calls_table(rows: Iterable[CallRow]) -> Table:
    """One call after the other, newest first as they come; no id is broken, the sentence gets the rest."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("started", "call", "outcome"):
        table.add_column(name, no_wrap=True, overflow="ignore")
    table.add_column("what happened", overflow="fold", ratio=1)
    for row in rows:
        outcome = row.outcome or ("" if row.finished else "…")
        table.add_row(
            _started(row),
            Text(clean(row.call_id)),
            Text(outcome, _STYLE.get(outcome, "")),
            Text(clean(sentence_of_row(row))),
        )
    return table


COLUMNS = ("started", "call", "from", "to", "host", "outcome", "code", "status", "ms", "what happened")


def call_fields(row: CallRow) -> str:
    """A call as one line of fields between tabs, in the order of `COLUMNS`, for other programs."""
    outcome = row.outcome or ("" if row.finished else "…")
    ms = "" if row.total_ms is None else f"{row.total_ms:.0f}"
    parties = (row.from_, row.to, row.host)
    fields = (
        _started(row),
        row.call_id,
        *parties,
        outcome,
        row.code or "",
        row.status_code or "",
        ms,
        sentence_of_row(row),
    )
    return "\t".join(clean(field).replace("\t", " ").replace("\n", " ") for field in fields)


def _started(row: CallRow) -> str:
    return iso_time(row.started_s)[:19].replace("T", " ")


def story_text(told: Story, *, verbose: bool = False) -> RenderableType:
    """The whole story, run after run; `verbose` adds every moment as the engine saw it."""
    if not told.runs:
        return Text(f"nothing is stored about {clean(told.call_id)}")
    return Group(*(part for run in told.runs for part in _run(told.call_id, run, verbose=verbose)))


def _run(call_id: str, run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    yield Text(clean(sentence_of(run)), "bold")
    yield Text(clean(call_id))
    parties = f"{clean(run.from_)} to {clean(run.to)}, " if run.from_ or run.to else ""
    yield Text(f"{parties}{iso_time(run.started_s)}, {clean(run.node)}", "dim")
    yield _ending(run)
    for exchange in run.exchanges:
        yield from _exchange(exchange)
    if run.moments:
        yield Text("\nWhat the call did", "bold")
        yield _activity(run)
    if run.moments and verbose:
        yield Text("\nAll moments", "bold")
        yield _moments(run)
    if run.code and (entry := entry_of(run.code)):
        advice = f"{entry.happened}\n{entry.causes}\n{entry.remedy}"
        yield Panel(Text(advice), title=run.code, title_align="left", border_style="yellow")
    yield Text("")


def _ending(run: Run) -> Text:
    if run.outcome is None:
        return Text("no end is stored")
    line = Text("ended ") + Text(clean(run.outcome), _STYLE.get(run.outcome, ""))
    if run.total_ms is not None:
        line.append(f" after {run.total_ms:.0f} ms")
    if run.code:
        line.append(f": {clean(run.code)}")
    if run.message:
        line.append(f", {clean(run.message)}")
    return line


def _exchange(exchange: Exchange) -> Iterator[RenderableType]:
    title = "Report to cdr_url" if exchange.is_cdr else f"Iteration {exchange.iteration}"
    yield Text(f"\n{title}", "bold")
    if exchange.asked:
        yield from _asked(exchange.asked)
    if exchange.answered:
        yield from _answered(exchange.answered)
    if exchange.code:
        yield Text(f"✗ {exchange.code}{_place(exchange)}: {clean(exchange.message or '')}", "red")
    if exchange.errors is not None:
        yield _indented("\n".join(_lines(exchange.errors)))
    notes = exchange.notes or {}
    warnings = notes.get("warnings")
    for warning in warnings if isinstance(warnings, list | tuple) else ():
        shown = warning_words(warning) if isinstance(warning, Mapping) else _words(warning)
        yield Text(f"! {clean(shown)}", "yellow")
    if times := notes.get("times_ms"):
        yield Text(f"  times in ms: {clean(_words(times))}", "dim")


def _asked(asked: Asked) -> Iterator[RenderableType]:
    yield Text(f"→ {clean(asked.method.upper())} {clean(asked.uri)}", "cyan")
    yield from _message(asked.headers, asked.body)


def _answered(answered: Answered) -> Iterator[RenderableType]:
    if answered.status is not None:
        good = answered.status.startswith("2")
        yield Text(f"← {clean(answered.status)}", "green" if good else "red")
    yield from _message(answered.headers, answered.body)


def _message(headers: Mapping[str, str], body: str) -> Iterator[RenderableType]:
    if headers:
        yield _indented("\n".join(f"{name}: {value}" for name, value in headers.items()), "dim")
    if body:
        lines = body.splitlines()
        cut = [f"… {len(lines) - MAX_BODY_LINES} more lines: see --json"]
        yield _indented("\n".join(lines[:MAX_BODY_LINES] + (cut if len(lines) > MAX_BODY_LINES else [])))


def _indented(text: str, style: str = "") -> Padding:
    return Padding(Text(clean(text), style), (0, 0, 0, 4))


def _place(exchange: Exchange) -> str:
    if exchange.line is None:
        return ""
    return f" at line {exchange.line}" + (f", column {exchange.column}" if exchange.column else "")


def _activity(run: Run) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in activity(run):
        when = "" if line.at_ms is None else f"{line.at_ms:.0f} ms"
        table.add_row(when, Text(clean(line.words)))
    if run.left_out:
        table.add_row("", f"… {run.left_out} more moments were not stored")
    return table


def _moments(run: Run) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="dim")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for moment in run.moments:
        at_ms = moment.get("at_ms")
        when = f"{at_ms:.0f} ms" if isinstance(at_ms, int | float) else ""
        table.add_row(when, clean(str(moment.get("what", ""))), Text(clean(_words(_told(moment)))))
    if run.left_out:
        table.add_row("", "…", f"{run.left_out} more were not stored")
    return table


def _told(moment: JsonObject) -> JsonObject:
    return {name: value for name, value in moment.items() if name not in _QUIET}


def _words(value: Json) -> str:
    """A value on one line: `name value, name value`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_words(item) for item in value)
    return str(value).replace("\n", " ")


def _lines(value: Json, depth: int = 0) -> Iterator[str]:
    """A value on lines of its own, indented by depth."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(item, Mapping | list | tuple):
                yield f"{'  ' * depth}{name}:"
                yield from _lines(item, depth + 1)
            else:
                yield f"{'  ' * depth}{name}: {item}"
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _lines(item, depth)
    else:
        yield f"{'  ' * depth}{value}"
