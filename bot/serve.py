"""Our web servers: they leave signals to whoever runs them, and end with every open stream."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from handoff.live import Live

GRACE = 3
"""Seconds that requests under way have to end."""


class PortTaken(Exception):
    """Another program listens there: end it, or choose another port."""


def listening(host: str, port: int, setting: str) -> socket.socket:
    """A socket on the address; `setting` is the one that says which port. Raises `PortTaken`."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program: end that" if taken else f"cannot be opened on {host} ({error.strerror})"
        raise PortTaken(f"Port {port} {why}, or set {setting} to another port.") from None
    return listener


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(app: ASGIApp, listener: socket.socket, live: Live) -> None:
    """Serve the app until cancelled; then `live` is closed, so that streams end, and what is under way is answered."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(task)
        raise RuntimeError("the web server ended by itself")
    finally:
        live.close()
        server.should_exit = True
        await asyncio.wait([task])
