"""Reach an address of somebody else: look it up, judge what it leads to, and connect to that and nothing else.

What a name leads to can change between two looks. So we look once, and connect to what we saw.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

import httpx

from handoff import addresses

PATIENCE = 10.0
"""Seconds that the other side has to answer."""

LookUp = Callable[[str, int], Awaitable[list[str]]]


class Forbidden(Exception):
    """The name leads to an address that is not one of the public internet."""


async def look_up(host: str, port: int) -> list[str]:
    """The IP addresses that a name leads to now."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Reach:
    """Posts to addresses of others. `loopback`: whether this machine may be reached."""

    def __init__(
        self, *, loopback: bool = False, look_up: LookUp = look_up, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._loopback, self._look_up, self._transport = loopback, look_up, transport

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; the rest of it is not read, and it leads us nowhere else.

        Raises `Forbidden`, `OSError` when nothing is found under the name, `httpx.HTTPError`, `TimeoutError`.
        """
        async with asyncio.timeout(PATIENCE):
            there = httpx.URL(addresses.checked(url, loopback=self._loopback))
            found = await self._look_up(there.host, there.port or (443 if there.scheme == "https" else 80))
            if not found or not all(addresses.may_call(one, loopback=self._loopback) for one in found):
                raise Forbidden((Forbidden.__doc__ or "").strip())
            return await self._post(there, found[0], body, headers)

    async def _post(self, there: httpx.URL, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        async with httpx.AsyncClient(transport=self._transport, trust_env=False, timeout=PATIENCE) as client:
            request = client.build_request(
                "POST",
                there.copy_with(host=address),
                content=body,
                headers={**headers, "Host": there.netloc.decode("ascii"), "User-Agent": "Knock"},
                extensions={"sni_hostname": there.raw_host.decode("ascii")},
            )
            answer = await client.send(request, stream=True, follow_redirects=False)
            await answer.aclose()
            return answer.status_code
