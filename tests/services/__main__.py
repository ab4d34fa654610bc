"""The command line of the test services.

python -m tests.services install          what is missing, through apt and npm
python -m tests.services run -- COMMAND   start, run COMMAND with the variables set, stop whatever happens
python -m tests.services start            start and stay; prints `export` lines for a shell
python -m tests.services env              the `export` lines again
python -m tests.services stop             stop what `start`, or a killed `run`, left behind

A service whose variable is set already is used as given and not started.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from tests.services import AMQP_URL, COUCH_URL, REQUIRE, couch, packages, rabbit
from tests.services.processes import Process, Running, ServiceError

RECORDS = packages.FOLDER / "running"
STARTS: Mapping[str, Callable[[Running], str]] = {AMQP_URL: rabbit.start, COUCH_URL: couch.start}
START_TRIES = 3  # a free port may be taken by somebody else before our server gets to it
INTERRUPT_GRACE_S = 15.0


class Terminated(KeyboardInterrupt):
    """A stop signal that reached us alone; Ctrl-C in a terminal reaches the command as well."""


def main(args: list[str]) -> int:
    """Do what the first argument says; returns the exit status."""
    match args:
        case ["install"]:
            packages.install()
        case ["run", "--", _, *_]:
            return run(args[2:])
        case ["start"]:
            start()
        case ["env"]:
            for running in records():
                print_exports(running)
        case ["stop"]:
            for running in records():
                running.stop()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def run(command: list[str]) -> int:
    """Run a command between start and stop; returns its exit status."""
    running = new_record(owner=Process.of(os.getpid()))
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, terminate)
        start_services(running)
        status = wait_for(subprocess.Popen(command, env={**os.environ, **running.env, REQUIRE: "1"}))
        return status if status >= 0 else 128 - status  # ended by a signal: as a shell says it
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # nothing may interrupt the stopping
        running.stop()


def terminate(_number: int, _frame: object) -> None:
    """Signal handler."""
    raise Terminated


def wait_for(child: subprocess.Popen[bytes]) -> int:
    """The command's exit status; interrupted, it gets time to clean up after itself."""
    try:
        return child.wait()
    except KeyboardInterrupt as stop:
        if isinstance(stop, Terminated):
            child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return child.wait(INTERRUPT_GRACE_S)
        child.kill()
        return child.wait()


def start() -> None:
    """Start services that stay until `stop`; all or nothing."""
    running = new_record(owner=None)
    try:
        start_services(running)
    except BaseException:
        running.stop()
        raise
    print_exports(running)


def start_services(running: Running) -> None:
    """Start each service whose variable nobody has set."""
    packages.install()
    for variable, start_one in STARTS.items():
        running.env[variable] = os.environ.get(variable) or tried(start_one, running)
        running.save()


def tried(start_one: Callable[[Running], str], running: Running) -> str:
    """Its URL, at the latest after the third try."""
    for _ in range(START_TRIES - 1):
        with suppress(ServiceError):
            return start_one(running)
    return start_one(running)


def new_record(owner: Process | None) -> Running:
    """The note of what this command starts."""
    return Running(RECORDS / f"{os.getpid()}.json", owner)


def records() -> list[Running]:
    """What runs with nobody left to stop it."""
    found = [Running.load(path) for path in sorted(RECORDS.glob("*.json"))]
    return [running for running in found if not running.is_in_use()]


def print_exports(running: Running) -> None:
    """Lines for a shell's eval."""
    for name, value in running.env.items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServiceError as error:
        sys.exit(f"test services: {error}")
