"""A private RabbitMQ node without plugins, whose only user is RabbitMQ's own guest."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.services.processes import Running, ServiceError, free_ports, greets, path

NODE = "PIVOT_TEST_RABBIT_NODE"  # folder of the private node; unset when the broker is somebody else's
DEBIAN_TOOLS = Path("/usr/lib/rabbitmq/bin")  # the wrappers in /usr/sbin force the system's folders on us
AMQP_0_9_1 = b"AMQP\x00\x00\x09\x01"
CTL_TIMEOUT_S = 60.0


def rabbitmqctl(*args: str) -> str:
    """Run rabbitmqctl against the private node and return what it printed (about 0.4 s).

    Raises:
        ServiceError: the broker is not one that this package started, or the command failed.
    """
    folder = os.environ.get(NODE)
    if not folder:
        raise ServiceError(
            f"{NODE} is not set: rabbitmqctl needs the private node of python -m tests.services"
        )
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [_tool("rabbitmqctl"), "--quiet", *args],
        env=json.loads((Path(folder) / "node.json").read_text()),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=CTL_TIMEOUT_S,
        check=False,
        **_identity(),
    )
    if done.returncode:
        raise ServiceError(f"rabbitmqctl {shlex.join(args)} failed: {done.stdout}{done.stderr}")
    return done.stdout


def start(running: Running) -> str:
    """Start a node and return its URL."""
    folder = running.new_folder("rabbit")
    port, epmd_port, dist_port = free_ports(3)
    env = _environment(folder, epmd_port, dist_port)
    _write_configuration(folder, port, env)
    running.spawn("epmd", ["epmd", "-port", str(epmd_port)], folder, env, **_identity())
    server = running.spawn("rabbitmq-server", [_tool("rabbitmq-server")], folder, env, **_identity())
    server.wait_until(lambda: greets(port, AMQP_0_9_1))
    running.env[NODE] = str(folder)
    return f"amqp://guest:guest@127.0.0.1:{port}/"


def _environment(folder: Path, epmd_port: int, dist_port: int) -> dict[str, str]:
    return {
        "PATH": path(),
        "HOME": str(folder),  # Erlang's cookie is read from here
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"{folder.name}@localhost",
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "rabbit.pid"),
        # No busy waiting: the machine's few cores belong to the tests.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
    }


def _write_configuration(folder: Path, port: int, env: dict[str, str]) -> None:
    files = {
        "rabbitmq.conf": f"listeners.tcp.local = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\n",
        "plugins": "[].\n",
        "env.conf": "",
        "node.json": json.dumps(env),
        ".erlang.cookie": secrets.token_hex(16),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / ".erlang.cookie").chmod(0o400)
    if owner := _identity().get("user"):
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, owner, owner)


def _tool(name: str) -> str:
    found = shutil.which(name, path=f"{DEBIAN_TOOLS}:{path()}")
    if found is None:
        raise ServiceError(f"{name} is not installed; run: python3 -m tests.services install")
    return found


def _identity() -> dict[str, Any]:
    """Popen arguments that make RabbitMQ run as its package's user when we are root."""
    if os.geteuid() == 0:
        with suppress(KeyError):
            pwd.getpwnam("rabbitmq")
            return {"user": "rabbitmq", "group": "rabbitmq", "extra_groups": []}
    return {}
