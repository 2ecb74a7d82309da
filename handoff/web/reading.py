"""An agent reads a thread: how far they have read, and the trace that they did."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from handoff import bookmarks, deeds
from handoff.models import Agent
from handoff.web.site import Site
from handoff.web.view import ThreadView
from handoff.web.witness import address


@dataclass(frozen=True, slots=True)
class Reader:
    """From where somebody reads, and whether they have the page before their eyes."""

    address: str
    looks: bool

    async def has_read(self, here: Site, me: Agent, opened: ThreadView) -> None:
        """Write down that an agent got a thread to read, and how far if they looked at it."""
        async with here.database.transaction("inbox.read") as session:
            if self.looks:
                await bookmarks.put(session, me, opened.thread.id, opened.thread.last_seq)
            await deeds.write_reading_of(session, me, opened.case, self.address)


async def reader(request: Request, knock_live: Annotated[str, Header()] = "") -> Reader:
    """Who asks. `Knock-Live` is what a page asks by itself; "hidden": nobody looks at it."""
    return Reader(address(request), knock_live != "hidden")


Reads = Annotated[Reader, Depends(reader)]
