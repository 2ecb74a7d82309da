"""How often one person may do what: who is faster is asked, politely, to wait."""

import time
from datetime import timedelta
from math import ceil

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from bot.pages.speak import _, span

LIMITS = {
    "join": "20/hour",
    "post": "6/minute",
    "post from one address": "30/minute",
    "report": "20/hour",
    "link": "60/minute",
    "button": "20/minute",
    "say": "20/minute",
    "listen": "60/minute",
    "type": "40/minute",
    "sign-in": "40/hour",
    "code": "5/hour",
    "code from one address": "20/hour",
    "verify": "30/hour",
}
"""What a person in a hurry does, twice over. Rules of ours, not measured."""


class TooFast(Exception):
    """That was a bit fast."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    @property
    def sentence(self) -> str:
        """What the person reads."""
        return _(
            "That was a bit fast. Please wait %(time)s, then try again.", time=span(timedelta(seconds=self.seconds))
        )


class Pace:
    """Counts in memory, for one process: several processes allow as many times more."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def keep(self, what: str, who: object) -> None:
        """Count one of `what`, a key of `LIMITS`. Raises `TooFast`."""
        limit = parse(LIMITS[what])
        if not await self._limiter.hit(limit, what, str(who)):
            window = await self._limiter.get_window_stats(limit, what, str(who))
            raise TooFast(max(1, ceil(window.reset_time - time.time())))
