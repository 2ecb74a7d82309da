"""Listening beyond our mentions: what a search finds on X is counted, but nobody who did not summon us is answered."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Never

from bot.channel import Author, Halted, Take
from bot.channels.x_calling import FIELDS, Calls, patiently
from bot.channels.x_listening import PAGE, within_search
from bot.channels.x_shapes import Found
from bot.channels.x_taking import Cursor, updates, write_down

EVERY = 60.0
"""Seconds between two searches."""

PAGES = 10
"""Pages of one search at most: of more than that the newest are enough to count."""

BEGIN = timedelta(minutes=15)
"""How far back a first search reads."""

log = logging.getLogger(__name__)


class Search:
    """What X's recent search finds, asked for again and again."""

    def __init__(self, calls: Calls, cursor: Cursor, query: str) -> None:
        self._calls, self._cursor, self._query = calls, cursor, f"({query}) -is:retweet"

    async def follow(self, us: Author, take: Take) -> Never:
        """Search again and again; what X refuses is said in the log, for our mentions do not hang on it."""
        while True:
            try:
                await self.look(us, take)
            except Halted as error:
                log.error("X does not search for KNOCK_X_SEARCH: %s", error)
            await asyncio.sleep(EVERY)

    async def look(self, us: Author, take: Take) -> None:
        """Read what is new and write it down. Raises `Halted`."""
        stopped = await patiently(self._cursor.at, "Where the search stopped cannot be looked up")
        begin = {"since_id": stopped} if stopped else {"start_time": datetime.now(UTC) - BEGIN}
        options: dict[str, Any] = {**FIELDS, **within_search(begin), "max_results": PAGE}
        found: list[Found] = []
        while len(found) < PAGES:
            page = partial(
                self._calls.find, "post read", PAGE, lambda x: x.search_recent_tweets(self._query, **options)
            )
            found.append(await patiently(page, "X does not search"))
            if not (token := found[-1].meta.next_token):
                break
            options["next_token"] = token
        await write_down(updates(found, us), take, self._cursor)
