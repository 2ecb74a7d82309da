"""/h/<token>/yours: the customer's own page. How it stands, what they agreed to, and how to leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from bot.choose import Choose, WordingChanged
from bot.pages.door import Door, door, elsewhere, let_go, nothing_here
from bot.pages.site import Site, address, called, see, site
from bot.pages.speak import N_, _, spoken
from bot.pages.view import View, view
from handoff import receipts, square
from handoff.models import Thread
from handoff.receipts import PURPOSES, Purpose, Receipt

router = APIRouter(prefix="/h/{token}/yours")

TITLES: dict[Purpose, str] = {
    "talk": N_("Talk with us"),
    "link": N_("Look up my customer record"),
    "keep": N_("Keep this chat for longer"),
    "articles": N_("Use it for help articles"),
    "training": N_("Use it to train the bot"),
}


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who is proven to be the author, at their own page."""

    door: Door
    chat: Thread

    def choose(self, here: Site) -> Choose:
        """What they may choose."""
        return Choose(here.database, here.brand, self.door.landing.account)


@dataclass(frozen=True, slots=True)
class Switch:
    """One consent as the page shows it: the words that were agreed to, or else those to agree to now."""

    purpose: Purpose
    title: str
    given: bool
    wording: str
    version: str
    language: str
    turns: Sequence[Receipt]


async def author(request: Request, token: str) -> Author | Response:
    """Who asks, if they are the author and there is a chat; or what everybody else sees."""
    here, found = site(request), await door(request, token)
    if found is not None and found.chat is not None:
        return Author(found, found.chat)
    await here.pace.keep("link", address(request))
    if found is None or found.is_closed:
        return nothing_here(here, found)
    return see(f"/h/{token}") if found.is_author else elsewhere(here, found, token, 403)


@router.api_route("", methods=["GET", "HEAD"])
async def look(request: Request, token: str) -> Response:
    """The page."""
    found = await author(request, token)
    return await _page(request, token, found) if isinstance(found, Author) else found


@router.post("/consent")
async def consent(
    request: Request,
    token: str,
    purpose: Annotated[Purpose, Form()],
    given: Annotated[Literal["yes", "no"], Form()],
    language: Annotated[str, Form()] = "",
    version: Annotated[str, Form()] = "",
) -> Response:
    """Turn one switch. Pressing twice turns it once."""
    here, found = site(request), await author(request, token)
    if not isinstance(found, Author):
        return found
    if (purpose, given) != ("talk", "no"):  # a STOP never waits
        await here.pace.keep("button", found.chat.id)
    try:
        if given == "yes":
            await found.choose(here).agree(purpose, language, version)
        else:
            await found.choose(here).take_back(purpose)
    except WordingChanged:
        changed = _("The words have changed since you opened this page. Please read them again, then choose.")
        return await _page(request, token, found, 409, changed)
    return see(f"/h/{token}/yours#{purpose}")


@router.post("/end")
async def end_chat(request: Request, token: str) -> Response:
    """End the chat."""
    here, found = site(request), await author(request, token)
    if not isinstance(found, Author):
        return found
    await here.pace.keep("button", found.chat.id)
    await found.choose(here).end()
    return see(f"/h/{token}/yours")


@router.post("/solved")
async def solved(request: Request, token: str, answer: Annotated[Literal["yes", "no"], Form()]) -> Response:
    """Whether it was solved. If not, the team has it again, and the chat goes on."""
    here, found = site(request), await author(request, token)
    if not isinstance(found, Author):
        return found
    await here.pace.keep("button", found.chat.id)
    await found.choose(here).answer(answer == "yes")
    return see(f"/h/{token}/yours" if answer == "yes" else f"/h/{token}#end")


@router.api_route("/delete", methods=["GET", "HEAD"])
async def ask_to_delete(request: Request, token: str) -> Response:
    """What is deleted and what stays, and the button."""
    here, found = site(request), await author(request, token)
    if not isinstance(found, Author):
        return found
    landing = found.door.landing
    ours, stopped = landing.channel == square.CHANNEL, landing.stopped
    return here.page("yours_delete.html", token=token, channel=called(landing.channel), ours=ours, stopped=stopped)


@router.post("/delete")
async def delete(request: Request, token: str, never: Annotated[str, Form()] = "") -> Response:
    """Delete everything about the customer; with `never`, that is a STOP too. Afterwards the link leads nowhere."""
    here, found = site(request), await author(request, token)
    if not isinstance(found, Author):
        return found
    await here.pace.keep("button", found.chat.id)
    await found.choose(here).be_forgotten(found.door.author.id, stopped=never == "yes")
    page = here.page("yours_deleted.html", never=never == "yes" or found.door.landing.stopped)
    if found.door.landing.channel == square.CHANNEL:
        page.delete_cookie(here.cookie, secure=here.cookie.startswith("__Host-"), httponly=True, samesite="lax")
    return let_go(here, page)


async def _page(request: Request, token: str, found: Author, status: int = 200, error: str = "") -> HTMLResponse:
    here, chat = site(request), found.chat
    async with here.database.reading() as session:
        seen = await view(session, chat, here.brand.name, chat.last_seq + 1)
        switches = await _switches(session, here, chat)
    return here.page(
        "yours.html",
        status,
        token=token,
        error=error,
        standing=_standing(here, seen),
        view=seen,
        switches=switches,
        ended=chat.ended_at is not None,
        retention=here.brand.retention_days,
    )


def _standing(here: Site, seen: View) -> str:
    if not seen.may_talk:
        return _("You said STOP, so %(brand)s will not write to you again.", brand=here.brand.name)
    if seen.agent:
        return _("%(name)s from %(brand)s has your chat.", name=seen.who, brand=here.brand.name)
    return seen.standing


async def _switches(session: AsyncSession, here: Site, chat: Thread) -> list[Switch]:
    turns = await receipts.history_of(session, chat.customer_id)
    return [_switch(here, chat, purpose, [turn for turn in turns if turn.purpose == purpose]) for purpose in PURPOSES]


def _switch(here: Site, chat: Thread, purpose: Purpose, turns: Sequence[Receipt]) -> Switch:
    last, title = turns[-1] if turns else None, _(TITLES[purpose])
    if last is not None and last.given:
        language = next(
            (one for one in here.brand.languages if here.brand.consent_in(one, purpose) == last.wording), chat.language
        )
        return Switch(purpose, title, last.given, last.wording, last.wording_version, language, turns)
    language = spoken().tag if spoken().tag in here.brand.languages else here.brand.languages[0]
    wording = here.brand.consent_in(language, purpose)
    return Switch(purpose, title, False, wording, here.brand.consent.version, language, turns)
