"""What the services need from Debian and npm, installed when missing."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.processes import ServiceError, path

FOLDER = Path(__file__).parents[2] / ".services"
POUCHDB = "pouchdb-server@4.2.0"
POUCHDB_SERVER = FOLDER / "node_modules" / "pouchdb-server" / "bin" / "pouchdb-server"
NPM_INSTALL = [
    "npm",
    "install",
    "--ignore-scripts",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
]

# Debian starts a freshly installed server unless this file forbids it; a file that is there already stays.
APT_INSTALL = """
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >$policy
    chmod 755 $policy
fi
apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
if [ -d /run/systemd/system ]; then
    for package; do
        [ "$package" != rabbitmq-server ] || systemctl disable rabbitmq-server epmd.socket || true
    done
fi
"""


def install() -> None:
    """Install what is missing; one caller on the machine at a time."""
    with _machine_lock():
        if packages := _missing_packages():
            _apt_install(packages)
        if not POUCHDB_SERVER.exists():
            FOLDER.mkdir(exist_ok=True)
            _run([*NPM_INSTALL, "--prefix", str(FOLDER), POUCHDB])


def _missing_packages() -> list[str]:
    wanted = {
        "python3-venv": importlib.util.find_spec("ensurepip") is not None,
        "rabbitmq-server": _has("rabbitmq-server"),
        "nodejs": _has("node"),
        "npm": _has("npm"),
        "chromium": _has("chromium", "chromium-browser", "google-chrome"),
    }
    return [package for package, there in wanted.items() if not there]


def _has(*tools: str) -> bool:
    return any(shutil.which(tool, path=path()) for tool in tools)


def _apt_install(packages: list[str]) -> None:
    print(f"installing with apt: {' '.join(packages)}", flush=True)
    if not _has("apt-get"):
        raise ServiceError(
            f"no apt-get here: install {' '.join(packages)} by hand, or set the variables of the services"
        )
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    _run([*as_root, "sh", "-c", APT_INSTALL, "sh", *packages])


def _run(command: list[str]) -> None:
    """Run quietly; show everything when it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise ServiceError(f"this command ended with status {done.returncode}: {shlex.join(command[:3])} ...")


@contextmanager
def _machine_lock() -> Iterator[None]:
    """Checkouts and users side by side: everybody may read and so lock this file."""
    with Path("/etc/passwd").open() as anchor:
        fcntl.flock(anchor, fcntl.LOCK_EX)
        yield
