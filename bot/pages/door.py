"""Who stands before the page of a link: its author, as far as a cookie proves it, or anybody else."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import TypeVar
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from bot.channel import Author, WayIn
from bot.opt_in import Landing
from bot.pages.site import Site, called, site
from bot.pages.speak import _
from bot.pages.view import chat_of
from handoff import visits
from handoff.members import Member
from handoff.models import Thread
from handoff.people import account_hash
from handoff.square import CHANNEL
from handoff.visits import Known
from handoff.web.guard import content_policy

NOBODY = Author("nobody")

Answer = TypeVar("Answer", bound=Response)


@dataclass(frozen=True, slots=True)
class Door:
    """A link that is ours, and who looks at it. The `chat` is there for nobody but the proven author.

    `author`: who looks, as the flow names people of the link's own channel; a stranger is nobody's author.
    `proof`: how we know. `signed_in`: by a visit, which can be ended, and not by the square's cookie.
    """

    landing: Landing
    member: Member | None
    author: Author
    proof: str
    signed_in: bool
    chat: Thread | None

    @property
    def is_author(self) -> bool:
        """Whether it is the author of the post behind the link."""
        return self.author is not NOBODY

    @property
    def is_closed(self) -> bool:
        """Nobody can opt in by this link any more, and it leads to no chat."""
        return self.chat is None and self.landing.expired and not self.landing.opted_in


async def door(request: Request, token: str) -> Door | None:
    """Look at a link and change nothing; `None` if it is none of ours."""
    here = site(request)
    member = await here.member(request)
    known = await _known(request)
    landing = await here.flow.landing(token)
    if landing is None:
        return None
    here_before = known if known and compare_digest(known.account, landing.account) else None
    author, proof = NOBODY, ""
    if member and _is_of_the_square(here, member, landing):
        author, proof = Author(str(member.id), member.name, member.name), "signed in to the square"
    elif here_before:
        author, proof = _author(here_before), here_before.how
    if author is NOBODY:
        return Door(landing, member, NOBODY, "", False, None)
    here.languages.prefer(landing.language)
    return Door(landing, member, author, proof, here_before is not None, await _chat(here, landing))


def visit_cookie(request: Request) -> str:
    """What the browser holds of a visit; nothing before somebody began to prove who they are."""
    return request.cookies.get(_cookie_name(site(request)), "")


def hold(here: Site, answer: Answer, cookie: str, seconds: float) -> Answer:
    """Let the browser hold the cookie of a visit. Lax: who comes back from signing in comes from another site."""
    name, is_https = _cookie_name(here), here.settings.public_origin.startswith("https:")
    answer.set_cookie(name, cookie, max_age=int(seconds), path="/", secure=is_https, httponly=True, samesite="lax")
    return answer


def let_go(here: Site, answer: Answer) -> Answer:
    """Take the cookie of a visit back."""
    return hold(here, answer, "", 0)


async def _known(request: Request) -> Known | None:
    held = visit_cookie(request)
    if not held:
        return None
    async with site(request).database.reading() as session:
        return await visits.known(session, held)


def _cookie_name(here: Site) -> str:
    return "__Host-knock-visit" if here.settings.public_origin.startswith("https:") else "knock-visit"


def _is_of_the_square(here: Site, member: Member, landing: Landing) -> bool:
    return compare_digest(account_hash(here.settings.key, CHANNEL, str(member.id)), landing.account)


def _author(known: Known) -> Author:
    return Author(known.customer.external_id or "", known.customer.handle, known.customer.name)


async def _chat(here: Site, landing: Landing) -> Thread | None:
    """The author's chat, if this link leads there: it was opted in by, or help was accepted by another link."""
    async with here.database.reading() as session:
        thread = await chat_of(session, landing.account)
    return thread if thread and (landing.opted_in or thread.ended_at is None) else None


def nothing_here(here: Site, door: Door | None) -> HTMLResponse:
    """One page for links that never were (404) and links that are over (410)."""
    words = _("It may have been too long, or the address is not whole. If you need help, write it on the square.")
    title, label = _("This link does not work"), _("Go to the square")
    return here.plain(410 if door else 404, title, words, "/square", label)


def elsewhere(here: Site, door: Door, token: str, status: int = 200) -> HTMLResponse:
    """For whoever is not proven to be the author: not a byte of the thread."""
    channel, way = door.landing.channel, here.flow.way_in(door.landing.channel, token)
    provable = way.sign_in is not None or way.code_to is not None
    names = {"token": token, "channel": called(channel), "link": way.link, "provable": provable}
    return here.page("elsewhere.html", status, **names)


def lead_to_sign_in(page: HTMLResponse, way: WayIn) -> HTMLResponse:
    """Let a form of the page lead to where one signs in: browsers ask the policy about that address too."""
    if way.sign_in:
        there = urlsplit(way.sign_in.address("", ""))
        policy = content_policy({"form-action": f"'self' {there.scheme}://{there.netloc}"})
        page.headers["Content-Security-Policy"] = policy
    return page
