"""Fixtures of the whole suite: the real services, names nobody else has, a wire that can be cut."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import NoReturn

import pytest
import structlog
from hypothesis import HealthCheck, settings
from structlog._config import BoundLoggerLazyProxy
from yarl import URL

from tests.services import AMQP_URL, COUCH_URL, REQUIRE, ServiceError, rabbitmqctl
from tests.services.packages import CHROMIUM_NAMES
from tests.services.processes import path
from tests.tcp_proxy import TcpProxy, open_tcp_proxy

# How fast a busy machine draws examples says nothing about our code.
settings.register_profile("pivot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pivot")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command that a test runs sets up logging for its process, which is every other test's process, too.

    structlog keeps the bound logger of each module on the module's proxy, so the proxies are cleared as well.
    """
    handlers = list(logging.root.handlers)
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        for logger in [getattr(module, "log", None) for module in list(sys.modules.values())]:
            if isinstance(logger, BoundLoggerLazyProxy):
                vars(logger).pop("bind", None)
    logging.root.handlers[:] = handlers


@pytest.fixture(scope="session")
def amqp_url() -> str:
    """A real RabbitMQ, its default virtual host."""
    return _service(AMQP_URL)


@pytest.fixture(scope="session")
def couch_url() -> str:
    """A server that speaks CouchDB's protocol, with an administrator's name and password."""
    return _service(COUCH_URL)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium, for Playwright's `executable_path`."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return found or _missing("no Chromium is installed: run `make packages`")


@pytest.fixture(scope="session")
def find_proxy() -> Callable[[str], str]:
    """The place of a proxy's program: `nginx` or `haproxy`."""

    def find(name: str) -> str:
        return shutil.which(name, path=path()) or _missing(f"{name} is not installed: run `make packages`")

    return find


@pytest.fixture(scope="session")
def espeak_path() -> str:
    """The program espeak-ng."""
    found = shutil.which("espeak-ng", path=path())
    return found or _missing("espeak-ng is not installed: run `make packages`")


@pytest.fixture
def amqp_vhost_url(amqp_url: str) -> Iterator[str]:
    """An empty virtual host, for tests that declare Kazoo's fixed names; needs the private node."""
    with empty_vhost(amqp_url) as url:
        yield url


@contextmanager
def empty_vhost(amqp_url: str) -> Iterator[str]:
    """A virtual host that disappears again; about a second, so some tests share one."""
    name = f"test-{secrets.token_hex(8)}"
    try:
        rabbitmqctl("eval", _ADD_VHOST.replace("NAME", name))
    except ServiceError as error:
        pytest.skip(str(error))
    yield str(URL(amqp_url).with_path(f"/{name}"))
    rabbitmqctl("delete_vhost", name)


_ADD_VHOST = """
ok = rabbit_vhost:add(<<"NAME">>, <<"tests">>),
All = <<".*">>,
rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"NAME">>, All, All, All, <<"tests">>).
"""


@pytest.fixture
def account_id() -> str:
    """An account that no other test has."""
    return secrets.token_hex(16)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names that no other test and no other run has: `unique("queue")` is `queue-5f0c...`."""
    return lambda kind: f"{kind}-{secrets.token_hex(8)}"


@pytest.fixture
async def tcp_proxy() -> AsyncIterator[Callable[[str], Awaitable[TcpProxy]]]:
    """Opens proxies: `proxy = await tcp_proxy(amqp_url)`, then use `proxy.url` and `proxy.cut()`."""
    async with AsyncExitStack() as proxies:
        yield lambda url: proxies.enter_async_context(open_tcp_proxy(url))


def _service(variable: str) -> str:
    if url := os.environ.get(variable):
        return url
    _missing(f"{variable} is not set: run `make test`, or use what `python -m tests.services start` prints")


def _missing(advice: str) -> NoReturn:
    """Skip, or fail where nothing may be skipped."""
    if os.environ.get("CI") == "true" or os.environ.get(REQUIRE) == "1":
        pytest.fail(advice)
    pytest.skip(advice)
