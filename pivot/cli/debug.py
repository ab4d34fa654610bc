"""`pivot debug`: the stored calls at the terminal, the same that the API and the inspector show."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console

from pivot.cli.debug_text import COLUMNS, call_fields, calls_table, story_text
from pivot.debug.call_json import shown_row, shown_story
from pivot.debug.har import har
from pivot.debug.opening import open_store
from pivot.debug.search import SearchError, parse_search
from pivot.debug.settings import DebugSettings
from pivot.debug.store import CallRow, Store
from pivot.debug.story import Story, story
from pivot.errors import ConfigError, PivotError
from pivot.log import configure
from pivot.model.json import Json
from pivot.settings import kazoo_config
from pivot.settings import loading as config

T = TypeVar("T")

app = typer.Typer(help="Read the stored calls: what was asked, answered and done.", no_args_is_help=True)

POLL_S = 1.0
PAGE = 100

Account = Annotated[str, typer.Option("--account", "-a", envvar="PIVOT_ACCOUNT", help="The account's id.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings in TOML.")]
KazooConfig = Annotated[Path | None, typer.Option("--kazoo-config", help="Kazoo's config.ini.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
AsHar = Annotated[bool, typer.Option("--har", help="An HTTP archive instead of text.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also every moment as the engine saw it.")]
Search = Annotated[
    list[str] | None, typer.Argument(help="code: outcome: host: slow: after: before: and words.")
]


@app.command("list")
def list_calls(
    account: Account,
    search: Search = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most calls to list.")] = 20,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
    kazoo_file: KazooConfig = None,
) -> None:
    """The account's calls, newest first."""

    async def found(store: Store) -> None:
        wanted = parse_search(" ".join(search or ()), time.time())
        cursor, left = None, limit
        rows: list[CallRow] = []
        while left > 0:
            page = await store.calls(account, wanted, cursor=cursor, limit=min(left, PAGE))
            rows += page.rows
            left, cursor = left - len(page.rows), page.next
            if cursor is None:
                break
        if as_json:
            _print_json([shown_row(row) for row in rows])
        else:
            _print_calls(_console(), rows)

    _with_store(config_file, kazoo_file, found)


@app.command()
def show(
    call_id: str,
    account: Account,
    as_json: AsJson = False,
    as_har: AsHar = False,
    verbose: Verbose = False,
    config_file: ConfigFile = None,
    kazoo_file: KazooConfig = None,
) -> None:
    """One call as a story: requests, answers, errors with their place, what was done, and advice."""
    told = _with_store(config_file, kazoo_file, lambda store: _story(store, account, call_id))
    if as_har:
        _print_json(har(told))
    elif as_json:
        _print_json(shown_story(told))
    else:
        _console().print(story_text(told, verbose=verbose))
    if not told.runs:
        raise typer.Exit(1)


@app.command()
def tail(
    account: Account,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
    kazoo_file: KazooConfig = None,
) -> None:
    """Calls as they end, until interrupted."""

    async def follow(store: Store) -> None:
        page = await store.tail(account)
        console = _console()
        typer.echo(f"waiting for calls of {account}", err=True)
        while True:
            for row in page.rows:
                if as_json:
                    _print_json(shown_row(row), pretty=False)
                else:
                    _print_calls(console, [row], header=False)
            await asyncio.sleep(POLL_S)  # the store may be another process's: nobody tells us
            page = await store.tail(account, page.cursor)

    try:
        _with_store(config_file, kazoo_file, follow)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def export(
    account: Account,
    call_id: Annotated[str | None, typer.Argument(help="One call; else all that the search finds.")] = None,
    search: Annotated[str, typer.Option("--search", "-q", help="As in `list`.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Else standard output.")] = None,
    as_har: AsHar = False,
    config_file: ConfigFile = None,
    kazoo_file: KazooConfig = None,
) -> None:
    """Whole calls, one JSON object a line, or an HTTP archive each."""

    async def stories(store: Store) -> list[Story]:
        if call_id is not None:
            return [await _story(store, account, call_id)]
        wanted, cursor = parse_search(search, time.time()), None
        ids: dict[str, None] = {}
        while True:
            page = await store.calls(account, wanted, cursor=cursor, limit=PAGE)
            ids |= dict.fromkeys(row.call_id for row in page.rows)
            if (cursor := page.next) is None:
                return [await _story(store, account, each) for each in ids]

    told = [each for each in _with_store(config_file, kazoo_file, stories) if each.runs]
    lines = b"".join(orjson.dumps(har(each) if as_har else shown_story(each)) + b"\n" for each in told)
    if output is None:
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(lines)
        typer.echo(f"{len(told)} calls written to {output}", err=True)
    if not told:
        raise typer.Exit(1)


async def _story(store: Store, account: str, call_id: str) -> Story:
    months = await store.months(account)
    return story(call_id, await store.call(account, call_id, months))


def _with_store(
    config_file: Path | None, kazoo_file: Path | None, work: Callable[[Store], Awaitable[T]]
) -> T:
    """Open the store of the settings, do the work, close it; our errors become one line."""

    async def run(settings: DebugSettings) -> T:
        async with open_store(settings) as store:
            if store is None:
                raise ConfigError('debug.store is "off": there is nothing to read')
            return await work(store)

    with _words_for_errors():
        configure("warning", "auto")
        return asyncio.run(run(_settings(config_file, kazoo_file)))


def _settings(config_file: Path | None, kazoo_file: Path | None) -> DebugSettings:
    kazoo = kazoo_config.read(kazoo_file) if kazoo_file else None
    return config.load(config_file, kazoo=kazoo).debug


@contextmanager
def _words_for_errors() -> Iterator[None]:
    try:
        yield
    except (ConfigError, SearchError) as error:
        typer.echo(f"pivot: {error}", err=True)
        raise typer.Exit(1) from None
    except PivotError as error:
        typer.echo(f"pivot: {error}", err=True)
        raise typer.Exit(2) from None


def _print_calls(console: Console, rows: list[CallRow], *, header: bool = True) -> None:
    """A table for people; rows of fields between tabs for a pipe."""
    if not console.is_terminal:
        lines = (["\t".join(COLUMNS)] if header else []) + [call_fields(row) for row in rows]
        typer.echo("\n".join(lines))
        return
    table = calls_table(rows)
    table.show_header = header
    console.print(table)


def _console() -> Console:
    return Console(highlight=False, emoji=False, markup=False)


def _print_json(value: Json, *, pretty: bool = True) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else None).decode())
