"""The command line. Each command reads its settings and hands them to one function; errors become words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from pivot import __version__
from pivot.cli.debug import app as debug_app
from pivot.errors import ConfigError, PivotError
from pivot.log import configure
from pivot.settings.kazoo_config import read as read_kazoo_config
from pivot.settings.loading import load, load_with_origins
from pivot.settings.sections import Settings

log = structlog.get_logger()

app = typer.Typer(
    name="pivot",
    help="Live calls of a Kazoo cluster, decided by customers' web servers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(debug_app, name="debug")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings in TOML; else /etc/pivot/pivot.toml when it exists.")
]
KazooConfig = Annotated[
    Path | None, typer.Option("--kazoo-config", help="Kazoo's config.ini: its broker and CouchDB are used.")
]


def print_version(wanted: bool) -> None:
    """`--version` prints and ends."""
    if wanted:
        typer.echo(f"pivot {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Live calls of a Kazoo cluster, decided by customers' web servers."""


LOOPBACK = {"fetch": {"egress": "loopback"}}
"""What a developer's own commands may reach, unless the settings say otherwise."""


@app.command()
def worker(config_file: ConfigFile = None, kazoo_config: KazooConfig = None) -> None:
    """Take pivot requests from RabbitMQ and execute them."""
    from pivot.app.process import run_worker

    with words_for_errors():
        settings = read_settings(config_file, kazoo_config)
        run(run_worker(settings, lambda: load_settings(config_file, kazoo_config)))


@app.command()
def web(config_file: ConfigFile = None, kazoo_config: KazooConfig = None) -> None:
    """Serve the debug API and inspector only."""
    from pivot.app.process import run_web

    with words_for_errors():
        run(run_web(read_settings(config_file, kazoo_config)))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the inspector and health; 0: any free one.")] = 0,
    stay: Annotated[bool, typer.Option(help="Keep serving after the calls.")] = False,
) -> None:
    """Everything in one process: a bus in memory, an example application, simulated calls."""
    from pivot.cli.demo import run_demo

    with words_for_errors():
        configure("error", "console")
        run(run_demo(port=port, stay=stay))


@app.command()
def simulate(
    target: Annotated[str, typer.Argument(help="A URL on this machine, or a document's file.")],
    press: Annotated[
        str,
        typer.Option(help="Keys that the caller presses, one a second: 0-9 * # A-D; w waits half a second."),
    ] = "",
    say_nothing: Annotated[bool, typer.Option(help="The caller does nothing at all.")] = False,
    hangup_after: Annotated[str, typer.Option(help="When the caller hangs up, such as 3s.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """A call against a URL or a file, at the terminal; without a script the terminal is the phone.

    Exit status: 0 the call ran as the document says, 1 it failed or ended otherwise, 2 wrong usage.
    """
    from pivot.cli.simulate import Script, seconds
    from pivot.cli.simulate import simulate as run_call

    with words_for_errors(settings_status=2):
        configure("error", "console")
        script = Script(press, seconds(hangup_after) if hangup_after else None, say_nothing)
        if not run_call(target, script, load(config_file, defaults=LOOPBACK), as_json=as_json):
            raise typer.Exit(1)


@app.command()
def check(
    targets: Annotated[
        list[str], typer.Argument(help="Files, folders, URLs on this machine, or - for stdin.")
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Can these answers be run? Errors and warnings with place and code; exit 1 on errors."""
    from pivot.cli.check import check_as_configured

    with words_for_errors():
        configure("error", "console")
        settings = load(config_file, defaults=LOOPBACK)
        found = asyncio.run(check_as_configured(targets, settings, strict=strict))
        for finding in found:
            typer.echo(json.dumps(finding.as_json()) if as_json else str(finding))
        if any(finding.is_error for finding in found):
            raise typer.Exit(1)


@app.command("check-config")
def check_config(
    config_file: ConfigFile = None,
    kazoo_config: KazooConfig = None,
    everything: Annotated[bool, typer.Option("--all", help="The defaults, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """What differs from the defaults, and its origin; secrets hidden. Exit 1 with the key at fault."""
    from pivot.app.http_servers import require_port
    from pivot.cli import check_config as command
    from pivot.fetch.fetcher import open_fetcher
    from pivot.speech.opening import open_speech

    async def try_out() -> None:
        """The fetcher reads networks, ports, keys and files when it opens, the speech plug-in its options;
        nothing is asked of anybody."""
        require_port(loaded.settings)
        async with open_fetcher(loaded.settings.fetch), open_speech(loaded.settings.speech):
            pass

    with words_for_errors():
        loaded = load_with_origins(config_file, kazoo=read_kazoo(kazoo_config))
        configure(loaded.settings.log.level, loaded.settings.log.format)
        run(try_out())
        if as_json:
            typer.echo(json.dumps(command.as_json(loaded), indent=2, ensure_ascii=False))
        else:
            for line in command.report(loaded, everything=everything):
                typer.echo(line)


@app.command()
def bench(
    amqp: Annotated[
        str, typer.Option(envvar="PIVOT_TEST_AMQP_URL", help="A broker of its own; `make bench` starts one.")
    ] = "amqp://guest:guest@127.0.0.1:5672/",
    debug: Annotated[bool, typer.Option(help="With debug capture.")] = False,
    accounts: Annotated[int, typer.Option(help="How many accounts the calls are spread over.")] = 1,
    calls: Annotated[int, typer.Option(help="Calls in each run.")] = 3000,
    at_once: Annotated[int, typer.Option(help="Calls in progress at a time.")] = 50,
    twiml: Annotated[bool, typer.Option(help="Calls that get TwiML: a Say and a Hangup.")] = False,
    gather: Annotated[int, typer.Option(help="So many calls wait in a Gather at once; their memory.")] = 0,
    web: Annotated[bool, typer.Option(help="Time the debug API over 100,000 documents instead.")] = False,
    hang: Annotated[int, typer.Option(help="Percentage of calls whose server hangs; what others feel.")] = 0,
    rate: Annotated[float, typer.Option(help="With --hang: answered calls per second.")] = 200.0,
) -> None:
    """Measure pivot against the floor: the same libraries without pivot's code."""
    from pivot.bench.compare import Plan, run_bench
    from pivot.bench.debug_api import run_web_bench
    from pivot.bench.gather import run_gather_bench
    from pivot.bench.hang import run_hang_bench
    from pivot.bench.peers import Page

    with words_for_errors():
        if web:
            configure("error", "console")
            return run(run_web_bench())
        if hang:
            return run(run_hang_bench(amqp, hang_percent=hang, rate=rate, calls=calls))
        if gather:
            return run(run_gather_bench(amqp, waiting=gather, calls=calls))
        page = Page.SAY if twiml else Page.FLOW
        run(run_bench(amqp, Plan(page, debug, accounts, calls, at_once)))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def read_settings(config_file: Path | None, kazoo_file: Path | None) -> Settings:
    """Settings in force, and logging set up by them."""
    loaded = load_with_origins(config_file, kazoo=read_kazoo(kazoo_file))
    configure(loaded.settings.log.level, loaded.settings.log.format)
    for warning in loaded.warnings:
        log.warning("settings.ignored", reason=warning)
    return loaded.settings


def load_settings(config_file: Path | None, kazoo_file: Path | None) -> Settings:
    """Settings as files and environment say now."""
    return load(config_file, kazoo=read_kazoo(kazoo_file))


def read_kazoo(kazoo_file: Path | None) -> dict[str, Any] | None:
    """What Kazoo's own file says, where one is named."""
    return read_kazoo_config(kazoo_file) if kazoo_file else None


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@contextmanager
def words_for_errors(settings_status: int = 1) -> Iterator[None]:
    """Our errors are for people to read: one line, and the exit status of an error in settings or usage."""
    try:
        yield
    except ConfigError as error:
        typer.echo(f"pivot: {error}", err=True)
        raise typer.Exit(settings_status) from None
    except PivotError as error:
        typer.echo(f"pivot: {error}", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
