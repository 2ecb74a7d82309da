"""A list that a stream tells a page of: all that it needs to look like the list, without asking."""

import asyncio
import json
from collections.abc import Set
from urllib.parse import parse_qsl

from handoff.database import EVERYTHING, LISTS
from handoff.models import Agent
from handoff.web.listing import Listing, listed
from handoff.web.numbers import Numbers
from handoff.web.rows import Board
from handoff.web.site import Site
from handoff.web.where import PLACE


class ToldList:
    """The list at one place, as it was told last on one stream.

    Of what was told before only the versions are told again. A page whose row has another version asks; so does one
    that was told before by another stream, or of another place.
    """

    def __init__(self, here: Site, place: str) -> None:
        """`place`: the query of the page's address. Raises `RequestValidationError`."""
        self._here, self._place, self._stamp = here, place, ""
        self._at = PLACE.read(dict(parse_qsl(place.removeprefix("?"))))
        self._board: Board | None = None
        self._since = 0
        """What is told next is newer than a board that was told again as it was."""

    async def news(self, me: Agent, hints: Set[int], mine: Set[int] = frozenset()) -> str | None:
        """The list as it is now, as JSON: its place, its moment, and what `/list` would answer. `None`: as it was.

        `hints` is what changed, `mine` what of it the agent has. The thread beside the list is told like any other: its
        own page knows that it is before somebody's eyes.
        """
        board, numbers = await self._seen(me, hints, mine)
        async with self._here.turn:
            await asyncio.sleep(0)  # whoever looks at a thread waits for one list, and not for those of all streams
            return self._told(me, listed(me, board, numbers))

    async def _seen(self, me: Agent, hints: Set[int], mine: Set[int]) -> tuple[Board, Numbers]:
        commons, since = self._here.commons, max(self._since, self._here.live.moment)
        if self._board is None or self._may_change(self._board, hints, mine):
            self._board, numbers = await commons.seen(me, self._at, since)
        else:
            numbers = await commons.numbers(since)
            self._board, self._since = self._board.still(numbers.moment), numbers.moment + 1
        return self._board, numbers

    def _may_change(self, board: Board, hints: Set[int], mine: Set[int]) -> bool:
        """Lists of one's own cases are made for each agent alone, and of two hundred most are as they were."""
        if self._at.view != "mine" or mine or board.has_more or not hints.isdisjoint({EVERYTHING, LISTS}):
            return True
        return any(row.thread_id in hints for row in board.rows)

    def _told(self, me: Agent, listed: Listing) -> str | None:
        stamp, known = self._here.told.again(self._stamp, listed.parts)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        values = {"me": me, "at": self._at, "listed": listed, "opened": None, "pieces": None}
        page = self._here.html("look.html", **values, list_stamp=stamp, thread_stamp="", known=known)
        return json.dumps({"at": self._place, "moment": listed.moment, "page": page})
