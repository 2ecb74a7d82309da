"""Knock itself for the demonstration: `knock up` in a folder that is thrown away, on channels that are pretended."""

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_x import FakeX
from tests.peers.run_x import settings as settings_of_x

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "var" / "models"
"""Those of `make run`: what it learned from the files of the project is not learned again."""
READY = "Rasa is ready"
PATIENCE = 600.0
"""Seconds: the first start trains Rasa."""


@dataclass
class Demo:
    """A running Knock, and the platforms that it believes in."""

    pages: str
    inbox: str
    first_link: str
    telegram: FakeTelegram
    x: FakeX


@contextmanager
def started(folder: Path, models: Path, telegram: FakeTelegram, x: FakeX, console: Console) -> Iterator[Demo]:
    """Start it in a folder, show what it says until it is ready, and end it.

    What was learned from the files of the project is copied from `models`; versions that admins trained stay untouched.
    """
    (folder / "models").mkdir(parents=True, exist_ok=True)
    for one in (*models.glob("triage-*.tar.gz"), *models.glob("detector")):
        shutil.copy2(one, folder / "models")
    ours = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API": telegram.url}
    env = settings_of_x(x, folder) | {f"KNOCK_{name}": value for name, value in ours.items()}
    command = [sys.executable, "-m", "bot", "up"]
    with subprocess.Popen(
        command, cwd=folder, env=env, process_group=0, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as knock:
        lines: list[str] = []
        is_ready = threading.Event()
        threading.Thread(target=_listen, args=(knock, lines, is_ready, console), daemon=True).start()
        try:
            if not is_ready.wait(PATIENCE) or knock.poll() is not None:
                raise SystemExit(f"Knock did not start. It said:\n{''.join(lines)}")
            link = re.search(r"http://localhost:(\d+)/join/\S+", "".join(lines))
            assert link, "".join(lines)
            inbox = f"http://localhost:{link[1]}"
            yield Demo(f"http://localhost:{env.get('KNOCK_PUBLIC_PORT', '8000')}", inbox, link[0], telegram, x)
        finally:
            knock.send_signal(signal.SIGINT)
            knock.wait(30)


def _listen(knock: subprocess.Popen[str], lines: list[str], is_ready: threading.Event, console: Console) -> None:
    assert knock.stdout is not None
    for line in knock.stdout:
        lines.append(line)
        if not is_ready.is_set() and "/join/" not in line and "the first" not in line:
            console.print(line.rstrip(), markup=False)
        if READY in line:
            is_ready.set()
    is_ready.set()
