"""How Rasa and its action server are started: on loopback only, with a token, with no secret of ours in sight.

A Rasa server can be told over HTTP to load a model (CVE-2024-49375), and the action server listens everywhere unless
told otherwise: whoever starts them any other way opens the machine.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "nlu"

# Rasa gets these of ours and no others: keys and passwords stay with us.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONWARNINGS": "ignore",
    # Small models: more threads cost memory and gain nothing.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Command:
    """What to start, where, and with which environment."""

    argv: tuple[str, ...]
    cwd: Path
    env: dict[str, str]


def rasa_server(
    python: Path, model: Path, port: int, token: str, actions_port: int, brand_file: Path = ROOT / "knock.toml"
) -> Command:
    """Return the command line of the Rasa server; `python` is the one of Rasa's own environment.

    The products of `brand_file` are read there, and again whenever it changes.
    """
    options = {
        "--model": str(model),
        "--interface": LOOPBACK,
        "--port": str(port),
        "--endpoints": str(PROJECT / "endpoints.yml"),
        "--credentials": str(PROJECT / "credentials.yml"),
    }
    serve = ("-m", "nlu.components.serve", "run", "--enable-api")
    argv = (str(python), *serve, *(part for pair in options.items() for part in pair))
    # In a folder of its own: Rasa writes its cache into the current one.
    actions_url = f"http://{LOOPBACK}:{actions_port}/webhook"
    ours = {"KNOCK_ACTIONS_URL": actions_url, "KNOCK_RASA_TOKEN": token, "KNOCK_BRAND_FILE": str(brand_file.absolute())}
    return Command(argv, model.parent, environment(**ours))


def action_server(python: Path, port: int) -> Command:
    """Return the command line of the action server."""
    argv = (str(python), "-m", "rasa_sdk", "--actions", "actions", "--port", str(port))
    return Command(argv, ROOT, environment(SANIC_HOST=LOOPBACK))


def environment(**more: str) -> dict[str, str]:
    """Return the environment of Rasa's processes: little of ours, quiet, one thread, our components to import."""
    ours = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return ours | QUIET | {"PYTHONPATH": str(ROOT)} | more


def dies_with_us(how: signal.Signals) -> Callable[[], object] | None:
    """What a child runs before its program, so that it gets the signal when our process ends (Linux only)."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, how.value)
