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
NPM_LIMITS = ["--fetch-retries=1", "--fetch-timeout=30000"]  # its own defaults wait for minutes, in silence
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
INSTALL_TIMEOUT_S = 240.0
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

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
    """Install what is missing; apt for one caller on the machine at a time, npm for one in this checkout."""
    if _missing_packages():
        with _locked(Path("/etc/passwd")):  # a file that every user may open
            _apt_install(_missing_packages())
    FOLDER.mkdir(exist_ok=True)
    with _locked(FOLDER):
        if not POUCHDB_SERVER.exists():
            _run([*NPM_INSTALL, *NPM_LIMITS, "--prefix", str(FOLDER), POUCHDB], _npm_environment())


def _missing_packages() -> list[str]:
    wanted = {
        "python3-venv": importlib.util.find_spec("ensurepip") is not None,
        "rabbitmq-server": _has("rabbitmq-server"),
        "nodejs": _has("node"),
        "npm": _has("npm"),
        "chromium": _has(*CHROMIUM_NAMES),
        "nginx-light": _has("nginx"),
        "haproxy": _has("haproxy"),
        "espeak-ng": _has("espeak-ng"),
    }
    return [package for package, there in wanted.items() if not there]


def _has(*tools: str) -> bool:
    return any(shutil.which(tool, path=path()) for tool in tools)


def _apt_install(packages: list[str]) -> None:
    if not packages:
        return
    print(f"installing with apt: {' '.join(packages)}", flush=True)
    if not _has("apt-get"):
        raise ServiceError(
            f"no apt-get here: install {' '.join(packages)} by hand, or set the services' variables"
        )
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    _run([*as_root, "sh", "-c", APT_INSTALL, "sh", *packages], dict(os.environ))


def _npm_environment() -> dict[str, str]:
    """Node brings its own list of authorities; the system's may hold one that the machine's network needs."""
    system = {"NODE_EXTRA_CA_CERTS": str(SYSTEM_CERTIFICATES)} if SYSTEM_CERTIFICATES.exists() else {}
    return system | dict(os.environ)


def _run(command: list[str], env: dict[str, str]) -> None:
    """Run quietly; show everything when it fails or takes too long."""
    what = shlex.join(command[:3])
    try:
        subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_TIMEOUT_S,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        sys.stderr.write((error.stdout or b"").decode(errors="replace"))
        reason = (
            "took too long" if isinstance(error, subprocess.TimeoutExpired) else f"status {error.returncode}"
        )
        raise ServiceError(f"installing failed ({reason}): {what} ...") from error


@contextmanager
def _locked(anchor: Path) -> Iterator[None]:
    """Hold an exclusive lock on an existing file or folder."""
    handle = os.open(anchor, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
