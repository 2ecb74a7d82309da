"""Knock as its users start it: the real command in a process of its own, in a folder of its own, on free ports."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import psutil

from nlu.detector import Detector
from tests.rasa_server import CACHE, free_ports, trained_model

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 240.0


class KnockProcess:
    """`with KnockProcess(home) as knock`: started at once, killed with all its children at the end."""

    def __init__(self, home: Path, *command: str, output: str = "output", **settings: str) -> None:
        self.port, self.inbox_port = free_ports(2)
        ours = {"home": str(home), "public_port": str(self.port), "inbox_port": str(self.inbox_port)} | settings
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KNOCK_")}
        self._env = kept | {f"KNOCK_{name.upper()}": value for name, value in ours.items()}
        self._output = home / output
        self._argv = [sys.executable, "-m", "bot", *(command or ("up",))]

    def __enter__(self) -> Self:
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(self._argv, cwd=ROOT, env=self._env, stdout=output, stderr=output)
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.children(), psutil.Process(self.process.pid)] if self.process.poll() is None else ():
            process.kill()
        self.process.wait()

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._output.read_text()

    def children(self) -> list[psutil.Process]:
        """All processes that it started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, words: str) -> None:
        """Wait until it has said this."""
        self.wait_until(lambda: words in self.output, f"it never said {words!r}")

    def wait_until(self, holds: Callable[[], bool], trouble: str) -> None:
        """Wait until something holds, for as long as the process lives."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            assert time.monotonic() < deadline, f"{trouble}:\n{self.output}"
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def get(self, path: str, port: int | None = None) -> httpx.Response:
        """What a page answers."""
        return httpx.get(f"http://127.0.0.1:{port or self.port}{path}", trust_env=False, timeout=20)

    def is_healthy(self) -> bool:
        """Whether both ports answer, with the record behind them."""
        try:
            return all(self.get("/healthz", port).status_code == 200 for port in (self.port, self.inbox_port))
        except httpx.HTTPError:
            return False


def trained(home: Path, *, rasa: bool = False) -> Path:
    """The folder with the trained detector in it, and Rasa's model when wanted, so that neither is trained anew.

    With the model come the vectors of its examples, so that a training encodes only what is new.
    """
    Detector.ensure(CACHE / "models" / "detector")
    (home / "models").mkdir(parents=True)
    for model in [CACHE / "models" / "detector", *([trained_model()] if rasa else [])]:
        (home / "models" / model.name).symlink_to(model)
    if rasa and (CACHE / "models" / "vectors").is_dir():
        shutil.copytree(CACHE / "models" / "vectors", home / "models" / "vectors")
    return home


def all_end(processes: list[psutil.Process], seconds: float) -> bool:
    """Whether all processes end within some seconds."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
