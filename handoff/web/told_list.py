"""A list that a stream tells a page of: all that it needs to look like the list, without asking."""

import json
from urllib.parse import parse_qsl

from handoff.models import Agent
from handoff.web.listing import listing
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

    async def news(self, me: Agent) -> str | None:
        """The list as it is now, as JSON: its place, its moment, and what `/list` would answer. `None`: as it was.

        The thread beside the list is told like any other: its own page knows that it is before somebody's eyes.
        """
        listed = await listing(self._here.commons, me, self._at, None, read=None, since=self._here.live.moment)
        stamp, known = self._here.told.again(self._stamp, listed.parts)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        values = {"me": me, "at": self._at, "listed": listed, "opened": None, "pieces": None}
        page = self._here.html("look.html", **values, list_stamp=stamp, thread_stamp="", known=known)
        return json.dumps({"at": self._place, "moment": listed.moment, "page": page})
