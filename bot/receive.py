"""Receive what a platform pushes: its body, as long as it is not too large to be one."""

from starlette.requests import Request

LARGEST = 1_000_000
"""Bytes of a push; real ones stay far below."""


async def body_of(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LARGEST:
            return None
    return bytes(read)
