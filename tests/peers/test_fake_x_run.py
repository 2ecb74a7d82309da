"""`make run-x` shows all of it: a pretended X, Knock beside it, an answer to who called us, an end without a trace."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from tests.knock_process import all_end
from tests.rasa_server import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def complain(x: str, run: subprocess.Popen[bytes]) -> None:
    """Mara posts, as soon as there is an X."""
    deadline = time.monotonic() + PATIENCE
    while not is_up(x):
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.2)
    text = "@northwind_help order NW-20418 still has not arrived, can somebody help?"
    httpx.post(f"{x}/say", data={"as": "mara_k", "text": text}, timeout=60, trust_env=False)


def first_offer(x: str, run: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and run.poll() is None:
        page = httpx.get(x, timeout=60, trust_env=False) if is_up(x) else None
        if page and (link := re.search(r'href="(http://localhost:\d+/h/[\w-]+)"', page.text)):
            return link[1]
        time.sleep(0.2)
    raise AssertionError("nobody was answered")


def is_up(x: str) -> bool:
    try:
        return httpx.get(x, timeout=60, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_who_called_us_is_answered_and_ctrl_c_ends_it_all(tmp_path: Path) -> None:
    port, public, inbox = free_ports(3)
    ours = {"KNOCK_PUBLIC_PORT": str(public), "KNOCK_INBOX_PORT": str(inbox), "KNOCK_RASA_PYTHON": "/nowhere/python"}
    command = [sys.executable, "-m", "tests.peers.run_x", "--port", str(port)]
    with (tmp_path / "output").open("wb") as output:
        run = subprocess.Popen(command, cwd=ROOT, env=os.environ | ours, stdout=output, stderr=output)
    try:
        complain(f"http://127.0.0.1:{port}", run)
        link = first_offer(f"http://127.0.0.1:{port}/?as=mara_k", run)
        landing = httpx.get(link.replace("localhost", "127.0.0.1"), timeout=60, trust_env=False)
        assert "Sign in with X" in landing.text
        children = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE) == 0, (tmp_path / "output").read_text()
        assert all_end(children, PATIENCE)
    finally:
        for process in psutil.Process(run.pid).children(recursive=True) if run.poll() is None else ():
            process.kill()
        run.kill()
        run.wait()
