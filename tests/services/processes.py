"""Starting servers, waiting until they answer, and ending them whatever happens to us."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.05
PORTS = range(15000, 32000)  # below Linux's ephemeral ports, which outgoing connections take meanwhile


class ServiceError(Exception):
    """A test service did not start, or is not ours to steer."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of ours; its start time keeps a later process with the same pid from being taken for it."""

    pid: int
    start_time: str

    @classmethod
    def of(cls, pid: int) -> Process:
        return cls(pid, _start_time(pid))

    def is_alive(self) -> bool:
        return self.start_time != "" and _start_time(self.pid) == self.start_time

    def end(self) -> None:
        """Stop its whole process group, gently and then not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.is_alive():
                return
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            _wait_until(lambda: not self.is_alive(), STOP_TIMEOUT_S)


@dataclass(slots=True)
class Running:
    """What one command has started; saved at each step, so that another command can stop it."""

    record: Path
    owner: Process | None  # None: meant to outlive the command that started it
    env: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, record: Path) -> Running:
        data = json.loads(record.read_text())
        owner = Process(**data["owner"]) if data["owner"] else None
        return cls(
            record, owner, data["env"], [Process(**each) for each in data["processes"]], data["folders"]
        )

    def save(self) -> None:
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.record.write_text(json.dumps(asdict(self), default=str, indent=2))

    def is_in_use(self) -> bool:
        """True while the command that will stop it itself is alive."""
        return self.owner is not None and self.owner.is_alive()

    def stop(self) -> None:
        """End everything, latest first, and remove its data."""
        for process in reversed(self.processes):
            process.end()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
        self.record.unlink(missing_ok=True)

    def new_folder(self, name: str) -> Path:
        """A data folder that disappears with the service."""
        folder = Path(tempfile.mkdtemp(prefix=f"pivot-{name}-"))
        self.folders.append(str(folder))
        self.save()
        return folder

    def spawn(
        self, name: str, command: Sequence[str], folder: Path, env: Mapping[str, str], **identity: Any
    ) -> Server:
        """Start a server in a session of its own, so that a terminal's Ctrl-C reaches us and not it."""
        log = folder / f"{name}.out"
        with log.open("wb") as out:
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **identity,
            )
        self.processes.append(Process.of(child.pid))
        self.save()
        return Server(name, child, log)


@dataclass(frozen=True, slots=True)
class Server:
    """A server just started, and where it writes."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Return when it answers.

        Raises:
            ServiceError: it ended or did not answer in time; with the end of its output.
        """
        if not _wait_until(lambda: self.child.poll() is not None or answers(), START_TIMEOUT_S):
            raise ServiceError(f"{self.name} did not answer within {START_TIMEOUT_S:.0f} s:\n{self._tail()}")
        if self.child.poll() is not None:
            raise ServiceError(f"{self.name} ended with status {self.child.returncode}:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def path() -> str:
    """The search path for tools; a user's path often lacks the folders of administrators' tools."""
    return os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listened on just now."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, 200):
        if len(found) == count:
            break
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


def greets(port: int, hello: bytes) -> bool:
    """Whether the server on a loopback port answers these bytes with any byte."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0) as wire:
        wire.sendall(hello)
        return wire.recv(1) != b""
    return False


def _wait_until(true: Callable[[], bool], limit_s: float) -> bool:
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def _start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat; empty for a process that is gone or only waits to be collected."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]
