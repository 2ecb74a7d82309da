"""A real Rasa with its action server for tests: trained once, started once, killed and started again on demand."""

import asyncio
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from nlu.rasa import Rasa
from nlu.server import Command, action_server, rasa_server
from nlu.training import ensure_model

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
CACHE = Path(os.environ.get("KNOCK_TEST_CACHE", ROOT / "var" / "test"))
# Begins as an option does, for a token that is drawn may.
TOKEN = "-token-of-the-tests"
PATIENCE = 120.0


class RasaServer:
    """Rasa and its action server on free ports of loopback; `rasa_pid` and `actions_pid` while they run."""

    def __init__(self, model: Path, logs: Path) -> None:
        self.model = model
        self.logs = logs
        self.token = TOKEN
        self.port, self.actions_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start what is not running and wait until both answer."""
        self._spawn("actions", action_server(PYTHON, self.actions_port))
        self._spawn("rasa", rasa_server(PYTHON, self.model, self.port, self.token, self.actions_port))
        self._wait("rasa", lambda: answers(f"{self.url}/status?token={self.token}"))
        self._wait("actions", lambda: answers(f"http://127.0.0.1:{self.actions_port}/health"))

    def kill(self, name: str = "rasa") -> None:
        """Kill one of "rasa" and "actions" as a crash would."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End both."""
        for name in list(self._processes):
            self.kill(name)

    def pid(self, name: str = "rasa") -> int:
        """Return the process id of "rasa" or "actions"."""
        return self._processes[name].pid

    def client(self) -> Rasa:
        """Return a new client of this server."""
        return Rasa(self.url, self.token, patience=60)

    def _spawn(self, name: str, command: Command) -> None:
        if name in self._processes:
            return
        with open(self.logs / f"{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                command.argv, cwd=command.cwd, env=command.env, stdout=log, stderr=log
            )

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if self._processes[name].poll() is not None or time.monotonic() > deadline:
                tail = (self.logs / f"{name}.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{name} did not start:\n{tail}")
            time.sleep(0.1)


@pytest.fixture(scope="session")
def rasa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaServer]:
    """The one Rasa of the session. Who kills it starts it again."""
    with running_rasa(tmp_path_factory.mktemp("rasa")) as server:
        yield server


@contextmanager
def running_rasa(logs: Path) -> Iterator[RasaServer]:
    """Train the model unless it is there, start Rasa, and end it afterwards."""
    server = RasaServer(trained_model(), logs)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def trained_model() -> Path:
    """Return the model of the project's files, from the cache when nothing has changed."""
    return asyncio.run(ensure_model(PYTHON, CACHE / "models", print))


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    return free_ports(1)[0]


def free_ports(number: int) -> list[int]:
    """Return as many of them, no two the same."""
    with ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(number)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]


def answers(url: str) -> bool:
    """Say whether something answers 200 there."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
