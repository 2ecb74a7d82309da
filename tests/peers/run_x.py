"""Knock with our fake X beside it, for a person who wants to see all of it: `make run-x`. Nothing of it is kept."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.peers.fake_x import FakeX

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "var" / "models"
"""Those of `make run`, so that nothing is trained twice."""
OF_THIS_MACHINE = ("KNOCK_PUBLIC_PORT", "KNOCK_INBOX_PORT", "KNOCK_RASA_PYTHON")
GUIDE = """\
X is pretended at {x}: there you are Mara, Noor or José.
  1. Complain, with @northwind_help in your post; within seconds Northwind answers, once, with a link.
  2. Follow the link and sign in with X, or post the code, as the author. To anybody else it opens no chat.
  3. In a second browser be the agent who gets the case: the link to become one stands below.
  4. Delete a post, write STOP, answer without calling @northwind_help, and see what happens. Ctrl-C ends it all,
     and a new start makes everything new: who was answered or said STOP is not answered again.
"""


def seed(x: FakeX) -> None:
    """Three people, and what they have to say."""
    for name, username in (("Mara", "mara_k"), ("Noor", "noor"), ("José", "jose_p")):
        x.person(name, username=username)
    x.post("Noor", "The Northwind app crashes whenever I open my orders. Anybody else?")
    first = x.post("Mara", "Day nine without my Northwind kettle. Nine.")
    x.post("José", "The same here, and I was charged twice!", answers=first)


def settings(x: FakeX, home: Path) -> dict[str, str]:
    """The environment of a Knock that takes this X for X, and knows of no other platform."""
    ours = {
        "HOME": str(home),
        "BRAND_FILE": str(ROOT / "knock.toml"),
        "X_API": x.url,
        "X_SIGN_IN_URL": f"{x.url}/i/oauth2/authorize",
        "X_CLIENT_ID": x.credentials.client_id,
        "X_CLIENT_SECRET": x.credentials.client_secret,
        "X_ACCESS_TOKEN": x.credentials.access_token,
        "X_REFRESH_TOKEN": x.credentials.refresh_token,
        "X_BEARER_TOKEN": x.credentials.bearer_token,
        "X_SEARCH": "northwind",
        "X_POLL_SECONDS": "4",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KNOCK_")}
    kept |= {name: os.environ[name] for name in OF_THIS_MACHINE if name in os.environ}
    return kept | {f"KNOCK_{name}": value for name, value in ours.items()}


@click.command()
@click.option("--port", default=9020, show_default=True, help="Where the pretended X listens on 127.0.0.1.")
def main(port: int) -> None:
    """Run both until Ctrl-C."""
    MODELS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="knock-x-", ignore_cleanup_errors=True) as folder, FakeX.to_try(port) as x:
        seed(x)
        (Path(folder) / "models").symlink_to(MODELS)
        click.echo(GUIDE.format(x=x.url))
        command = [sys.executable, "-m", "bot", "up"]
        with subprocess.Popen(command, cwd=folder, env=settings(x, Path(folder)), process_group=0) as knock:
            signal.signal(signal.SIGTERM, lambda *_: knock.terminate())
            signal.signal(signal.SIGINT, lambda *_: knock.send_signal(signal.SIGINT))
            code = knock.wait()
    sys.exit(code)


if __name__ == "__main__":
    main()
