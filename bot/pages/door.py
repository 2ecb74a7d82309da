"""Who stands before the page of a link: its author, as far as the square's cookie proves it, or anybody else."""

from dataclasses import dataclass
from hmac import compare_digest

from fastapi import Request
from fastapi.responses import HTMLResponse

from bot.channel import Author
from bot.opt_in import Landing
from bot.pages.site import Site, site
from bot.pages.view import chat_of
from handoff.members import Member
from handoff.models import Thread
from handoff.people import account_hash
from handoff.square import CHANNEL


@dataclass(frozen=True, slots=True)
class Door:
    """A link that is ours, and who looks at it. The `chat` is there for nobody but the proven author."""

    landing: Landing
    member: Member | None
    is_author: bool
    chat: Thread | None

    @property
    def is_closed(self) -> bool:
        """Nobody can opt in by this link any more."""
        return self.landing.expired and not self.landing.opted_in

    @property
    def author(self) -> Author:
        """Who looks, as the flow names people. A stranger without a name is nobody's author."""
        if self.member is None:
            return Author("nobody")
        return Author(str(self.member.id), self.member.name, self.member.name)


async def door(request: Request, token: str) -> Door | None:
    """Look at a link and change nothing; `None` if it is none of ours."""
    here = site(request)
    member = await here.member(request)
    landing = await here.flow.landing(token)
    if landing is None:
        return None
    asking = account_hash(here.settings.key, CHANNEL, str(member.id)) if member else ""
    is_author = compare_digest(asking, landing.account)
    if is_author:
        here.languages.prefer(landing.language)
    return Door(landing, member, is_author, await _chat(here, landing) if is_author else None)


async def _chat(here: Site, landing: Landing) -> Thread | None:
    """The author's chat, if this link leads there: it was opted in by, or help was accepted by another link."""
    async with here.database.reading() as session:
        thread = await chat_of(session, landing.account)
    return thread if thread and (landing.opted_in or thread.ended_at is None) else None


def nothing_here(here: Site, door: Door | None) -> HTMLResponse:
    """One page for links that never were (404) and links that are over (410)."""
    words = "It may have been too long, or the address is not whole. If you need help, write it on the square."
    return here.plain(410 if door else 404, "This link does not work", words, "/square", "Go to the square")


def elsewhere(here: Site, door: Door, token: str, status: int = 200) -> HTMLResponse:
    """For whoever is not proven to be the author: not a byte of the thread."""
    channel = door.landing.channel
    link = here.flow.way_in(channel, token).link
    return here.page("elsewhere.html", status, token=token, channel=channel.capitalize(), link=link)
