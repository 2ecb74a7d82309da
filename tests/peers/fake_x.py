"""An X of our own on 127.0.0.1: version 2 of the API over HTTP, people to play with, and everything that may go wrong.

In a test it is `with FakeX() as x`, and `x.url` is what `KNOCK_X_API` is to be. As a server by itself,
`python -m tests.peers.fake_x --port 9020`, it has pages for people: choose who you are, read, post and answer.
"""

import socket
import threading
from contextlib import suppress
from typing import Self

import click
import uvicorn
from starlette.applications import Starlette

from tests.peers.fake_x_activity import Activity, Signature, Webhook
from tests.peers.fake_x_api import ENDPOINTS
from tests.peers.fake_x_calls import Call
from tests.peers.fake_x_door import Cuttable, Door
from tests.peers.fake_x_limits import Limits
from tests.peers.fake_x_pages import Pages
from tests.peers.fake_x_posts import Account, Post
from tests.peers.fake_x_problems import Json
from tests.peers.fake_x_stream import Stream
from tests.peers.fake_x_subscriptions import Subscriptions
from tests.peers.fake_x_tokens import Credentials, Tokens
from tests.peers.fake_x_trouble import Trouble
from tests.peers.fake_x_world import World


class FakeX(World):
    """Runs in a thread of its own, so that tests with and without a loop can use it."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._closing = True
        self.begin_anew()

    @classmethod
    def to_try(cls, port: int) -> Self:
        """One for a person: any address of this machine may be come back to after signing in."""
        x = cls(port)
        x.tokens.any_loopback = True
        return x

    def begin_anew(self) -> None:
        """An X on which nothing has happened yet, at the same address."""
        if hasattr(self, "activity"):
            self._hush()
        World.__init__(self)
        self.tokens = Tokens(self)
        self.limits = Limits(self)
        self.trouble = Trouble(self.limits)
        self._door = Door(self, self.tokens, self.limits, self.trouble)
        self.activity = Activity(self, self.credentials, self.trouble)
        self.stream = Stream(self, self._door)
        endpoints = [*Subscriptions(self.activity).endpoints(), *self.stream.endpoints(), *ENDPOINTS]
        pages = Pages(self, self.tokens).routes()
        self._app = Starlette(routes=[*pages, self.stream.route(), *self._door.routes(endpoints)])

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def credentials(self) -> Credentials:
        """What the developer's portal shows, with the newest tokens of our own account."""
        return self.tokens.credentials

    @property
    def redirect_uris(self) -> list[str]:
        """Addresses that signing in may come back to; add yours."""
        return self.tokens.redirect_uris

    @property
    def calls(self) -> list[Call]:
        """Every call so far, the refused ones too."""
        return self._door.calls

    def count(self, endpoint: str) -> int:
        """How often an endpoint was called, such as `GET /2/users/:id/mentions`."""
        return self._door.counts[endpoint]

    def posts_read(self, endpoint: str | None = None) -> int:
        """How many posts were handed out, which is what X charges for."""
        return self._door.read[endpoint] if endpoint else self._door.read.total()

    def expire_access_token(self) -> None:
        """The access token of our account ends now; its refresh token still works."""
        self.tokens.expire(self.bot)

    def sign_in(self, url: str, name: str) -> str:
        """Somebody opens the sign-in page at this address and says yes; the address that the browser is sent to."""
        return self.tokens.sign_in(url, self.person(name))

    def token_of(self, name: str, scope: str = "tweet.read tweet.write users.read") -> str:
        """An access token of somebody."""
        account: Account = self.person(name)
        return str(self.tokens.give(account, scope)["access_token"])

    @property
    def webhooks(self) -> list[Webhook]:
        """The addresses that events are pushed to."""
        return self.activity.webhooks

    def dm(self, name: str, text: str) -> None:
        """Somebody writes to us in private."""
        self.push("dm.received", self.activity.direct_message(self.person(name), text))

    def push(self, kind: str, about: Post | Json, *, twice: bool = False, signature: Signature = "right") -> None:
        """Push an event, whether or not anybody subscribed to it; `activity.deliveries` tells how it went."""
        payload = self.activity.payload(about) if isinstance(about, Post) else about
        self.activity.push(kind, payload, twice=twice, signature=signature)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; a start after a stop, at the same port, is the end of a network failure."""
        if not self._closing:
            return
        self._closing = self.stream.closing = False
        try:
            listener = socket.create_server(("127.0.0.1", self._port))
        except OSError as error:
            raise click.ClickException(
                f"Port {self._port} cannot be used ({error.strerror}); choose another."
            ) from error
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            Cuttable(lambda: self._app), log_level="critical", timeout_graceful_shutdown=1, ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be gone; what people did and what was sent stays known."""
        self._closing = self._server.should_exit = True
        self._hush()
        self._thread.join(60)

    def _hush(self) -> None:
        self.stream.closing = True
        self.activity.stop()


@click.command()
@click.option("--port", default=9020, show_default=True, help="Where to listen on 127.0.0.1.")
def main(port: int) -> None:
    """Play X on this machine until Ctrl-C."""
    with FakeX.to_try(port) as x:
        for name in ("Mara", "Noor", "José"):
            x.person(name)
        click.echo(f"X is pretended at {x.url}; its keys are in tests/peers/fake_x_tokens.py. Ctrl-C ends it.")
        click.echo(f"KNOCK_X_ACCESS_TOKEN={x.credentials.access_token}")
        click.echo(f"KNOCK_X_REFRESH_TOKEN={x.credentials.refresh_token}")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
