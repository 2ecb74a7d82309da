"""What every test can ask for, and what none may do: reach beyond this machine."""

import sys
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.postgres",
    "tests.browser",
    "tests.rasa_server",
    "tests.stories",
    "tests.models",
    "tests.bot.town",
    "tests.bot.doorstep",
    "tests.bot.channels.on_x",
]

settings.register_profile("knock", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("knock")
"""A busy machine is no fault, and what fails here fails everywhere."""

NAMES = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}


class NetworkInTests(RuntimeError):
    """A test tried to reach beyond loopback."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a busy machine a browser may miss its time: such a test gets two more tries, and the report names it."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))


def _stay_at_home(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
        if host not in NAMES and not _is_loopback(host):
            raise NetworkInTests(f"a test connects to {host}")
    if event == "socket.getaddrinfo":
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if host not in NAMES and not _is_loopback(host):
            raise NetworkInTests(f"a test looks up {host}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.endswith(".localhost")


sys.addaudithook(_stay_at_home)
