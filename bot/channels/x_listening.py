"""How mentions of X reach us when we ask for them: from where we stopped, each once, oldest first, without a gap."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Never

from bot.channel import Author, Halted, Take, Update
from bot.channels.x_calling import FIELDS, Calls, patiently
from bot.channels.x_shapes import Found, id_at, time_of
from bot.channels.x_taking import Cursor, number, post_id, updates, write_down

PAGE = 100
"""Posts of a page at most."""

WINDOW = 800
"""Posts that X's mentions timeline reaches back, those that are gone counted."""

NEARLY = 0.9
"""The part of the window that, once it was read, says that there may be more behind it."""

SOON = 60.0
"""Seconds in which what is behind the window should be found."""

BEGIN = timedelta(hours=24)
"""How far back a first start reads: an offer that comes later helps nobody."""

SEARCH = timedelta(days=7) - timedelta(minutes=1)
"""How far back X's recent search reaches."""

SETTLING = timedelta(seconds=5)
"""For how long a post may still turn up among older ones: X's ids are in order only roughly."""

log = logging.getLogger(__name__)


class Mentions:
    """The posts that mention our account."""

    def __init__(self, calls: Calls, cursor: Cursor, every: Callable[[], float]) -> None:
        """`every`: seconds until the next look."""
        self._calls, self._cursor, self._every = calls, cursor, every

    async def follow(self, us: Author, take: Take) -> Never:
        """Look again and again. Raises `Halted`."""
        while True:
            await self.catch_up(us, take)
            await asyncio.sleep(self._every())

    async def catch_up(self, us: Author, take: Take) -> None:
        """Read all that is new, then write it down, oldest first. Raises `Halted`."""
        since = await patiently(self._since, "Where we stopped reading X cannot be looked up")
        found = await self._pages("get_users_mentions", "mention", since, us.id)
        posts = list(updates(found, us))
        if len(posts) >= WINDOW * NEARLY:
            posts += await self._with_what_is_behind(us, since, posts, take)
        await write_down(posts, take, self._cursor)

    async def _with_what_is_behind(
        self, us: Author, since: Mapping[str, Any], posts: Sequence[Update], take: Take
    ) -> Sequence[Update]:
        """What is behind the window. If it does not come soon, what we have does not wait for it; the cursor does."""
        behind = asyncio.create_task(self._behind_the_window(us, since, oldest=min(posts, key=number)))
        try:
            await asyncio.wait([behind], timeout=SOON)
            if not behind.done() or behind.exception():
                await write_down(posts, take)
            return await behind
        finally:
            behind.cancel()

    async def _behind_the_window(self, us: Author, since: Mapping[str, Any], oldest: Update) -> Sequence[Update]:
        """What lies between where we stopped and the oldest mention that the timeline still shows."""
        log.warning("More mentions came than X's timeline shows: searching for the others")
        query = f"@{us.handle} -is:retweet"
        reach = {**within_search(since), "until_id": post_id(oldest)}
        return list(updates(await self._pages("search_recent_tweets", "post read", reach, query), us))

    async def _pages(self, method: str, item: str, reach: Mapping[str, Any], what: str) -> Sequence[Found]:
        """All pages, newest first. Each is asked for until it comes, so that none is paid for twice."""
        found: list[Found] = []
        options: dict[str, Any] = {**FIELDS, **reach, "max_results": PAGE}

        def next_page(x: Any) -> Awaitable[Any]:
            asked: Awaitable[Any] = getattr(x, method)(what, **options)
            return asked

        while True:
            page = await patiently(partial(self._calls.find, item, PAGE, next_page), "X brings no mentions")
            if page.errors and not page.data:
                raise Halted(f"X does not show our own account: {page.errors[0].title}. Is it in order?")
            found.append(page)
            if not (token := page.meta.next_token):
                return found
            options["next_token" if method == "search_recent_tweets" else "pagination_token"] = token

    async def _since(self) -> Mapping[str, Any]:
        now, stopped = datetime.now(UTC), await self._cursor.at()
        if stopped is None:
            return {"start_time": now - BEGIN}
        return {"since_id": min(stopped, id_at(now - SETTLING), key=int)}


def within_search(since: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same beginning, or the earliest one that X's search accepts."""
    earliest = datetime.now(UTC) - SEARCH
    if "since_id" in since and time_of(since["since_id"]) < earliest:
        return {"start_time": earliest}
    return since
