"""The line between a browser and Knock, which can be cut and mended."""

import asyncio
from contextlib import suppress
from typing import Self

from tests.rasa_server import free_port


class Line:
    """`async with Line(port) as line`: what connects to `line.port` reaches `port` of this machine, until it is cut."""

    def __init__(self, port: int) -> None:
        self.port, self._to = free_port(), port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """End every connection and refuse new ones, as a server does that has ended."""
        if self._server:
            self._server.close()
        for end in list(self._ends):
            end.transport.abort()
        await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends |= {writer, back}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pour(reader, back))
                tasks.create_task(_pour(there, writer))
        finally:
            self._ends -= {writer, back}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.close()
