"""One question to the record in the name of all who ask it at the same time: two hundred open streams are one query."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar


class Read(Protocol):
    """Something read from the record."""

    @property
    def moment(self) -> int:
        """Microseconds of the record's clock: what was committed before is in it."""


T = TypeVar("T")
R = TypeVar("R", bound=Read)


class Together(Generic[T]):
    """Calls `ask` once for everybody who waits. Nobody gets an answer that was asked for before they came."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[T] | None = None
        self._next: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        return await asyncio.shield(self._begun())

    def begin(self) -> None:
        """Ask, unless somebody has and is not answered."""
        if not self._is_on_its_way:
            self._begun()

    async def settled(self) -> None:
        """Wait for what was asked and is not answered."""
        if self._asked is not None and self._is_on_its_way:
            await asyncio.wait([self._asked])

    @property
    def _is_on_its_way(self) -> bool:
        return self._asked is not None and not self._asked.done()

    def _begun(self) -> asyncio.Future[T]:
        if self._next is None:
            self._next = asyncio.ensure_future(self._after(self._asked))
        return self._next

    async def _after(self, asked: asyncio.Future[T] | None) -> T:
        if asked is not None:
            await asyncio.wait([asked])
        self._asked, self._next = self._next, None
        return await self._ask()


class Kept(Generic[R]):
    """Keeps the newest answer for those who only need one that is new enough: two hundred looks are one query.

    Whoever says nothing gets an answer that was asked for after they came.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[R]], lasts: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`lasts`: seconds after which an answer is good for nobody any more."""
        self._ask, self._lasts, self._clock = ask, lasts, clock
        self._together = Together(self._anew)
        self._newest: tuple[float, R] | None = None

    async def __call__(self, since: int | None = None) -> R:
        """`since`: the moment of the newest change that must be in the answer; see `Read.moment`.

        Whoever says it waits for the question that is on its way, which may have been asked late enough.
        """
        if (kept := self.kept(since)) is None and since is not None:
            await self._together.settled()
            kept = self.kept(since)
        return kept or await self._together()

    def begin(self, since: int | None) -> None:
        """Ask now what is asked for soon."""
        if self.kept(since) is None:
            self._together.begin()

    def kept(self, since: int | None) -> R | None:
        """The newest answer, if it is new enough. It costs nothing, so ask for this first where many ask."""
        if since is not None and self._newest is not None and not self.is_over and self._newest[1].moment >= since:
            return self._newest[1]
        return None

    @property
    def is_over(self) -> bool:
        """Whether the newest answer, if there is one, is good for nobody any more."""
        return self._newest is not None and self._clock() - self._newest[0] > self._lasts

    async def _anew(self) -> R:
        began = self._clock()
        answer = await self._ask()
        self._newest = (began, answer)
        return answer
