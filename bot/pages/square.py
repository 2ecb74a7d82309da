"""/square: the forum. Topics, a topic's posts, joining under a name, posting."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AwareDatetime

from bot.pages.pace import TooFast
from bot.pages.site import Site, address, plain, see, site
from bot.pages.speak import _
from handoff import members, square
from handoff.members import Member
from handoff.square_errors import NoSuchPost, PickAnotherName, SquareError
from handoff.web.stream import stream

router = APIRouter(prefix="/square")

Id = Annotated[int, Path(ge=1, lt=2**63)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Text = Annotated[str, Form()]
READ = ["GET", "HEAD"]


@router.api_route("", methods=READ)
async def topics(request: Request, page: PageNumber = 1) -> HTMLResponse:
    """The topics, the newest activity first."""
    return await _topics(site(request), await site(request).member(request), page)


@router.post("")
async def start(request: Request, key: Text = "", text: Text = "") -> Response:
    """Start a topic."""
    here, member = site(request), await site(request).member(request)
    if member is None:
        return here.page("join.html", 403, back="/square", name="", member=None)
    try:
        await _keep_pace(request, member)
        async with here.database.transaction("square.post") as session:
            post = await square.post(session, member, text, key=_key(member, key))
    except (SquareError, TooFast) as error:
        return await _topics(here, member, 1, _status(error), error=_(error.sentence), text=text)
    return see(f"/square/t/{post.id}")


@router.get("/join")
async def joining() -> Response:
    """Whoever loads the page of a name that was not to be had begins anew."""
    return see("/square")


@router.post("/join")
async def join(request: Request, name: Text = "", back: Text = "/square") -> Response:
    """Become a member, known by a cookie."""
    here = site(request)
    back = back if back.startswith("/square") else "/square"
    token = secrets.token_urlsafe(32)
    try:
        await here.pace.keep("join", address(request))
        async with here.database.transaction("square.join") as session:
            await members.join(session, name, token, [here.brand.name])
    except (PickAnotherName, TooFast) as error:
        return here.page("join.html", _status(error), error=_(error.sentence), back=back, name=name)
    return here.remember(see(back), token)


@router.api_route("/t/{topic_id}", methods=READ)
async def topic(
    request: Request,
    topic_id: Id,
    page: PageNumber = 1,
    answer: int | None = None,
    since: AwareDatetime | None = None,
) -> Response:
    """A topic; with `since`, an empty answer (204) if nothing in it changed after that."""
    here = site(request)
    if since is not None:
        async with here.database.reading() as session:
            changed = await square.changed_at(session, topic_id)
        if changed is not None and changed <= since:
            return Response(status_code=204)
    return await _topic(here, await here.member(request), topic_id, page, answer)


@router.post("/t/{topic_id}")
async def reply(request: Request, topic_id: Id, key: Text = "", text: Text = "", answers: Text = "") -> Response:
    """Answer a post of a topic."""
    here, member = site(request), await site(request).member(request)
    if member is None:
        return here.page("join.html", 403, back=f"/square/t/{topic_id}", name="", member=None)
    answered = int(answers) if answers.isdecimal() and len(answers) < 19 else topic_id
    try:
        await _keep_pace(request, member)
        async with here.database.transaction("square.reply") as session:
            post = await square.answer(session, member, text, topic_id, answered, key=_key(member, key))
            page = await square.page_of(session, post)
    except NoSuchPost:
        raise
    except (SquareError, TooFast) as error:
        return await _topic(here, member, topic_id, 1, answered, _status(error), error=_(error.sentence), text=text)
    return see(f"/square/t/{topic_id}?page={page}#p{post.id}")


@router.get("/t/{topic_id}/live")
async def live(request: Request, topic_id: Id) -> Response:
    """Hints that something on the square may have changed."""

    await site(request).pace.keep("listen", address(request))

    async def anybody() -> bool:
        return True

    return stream(site(request).live, anybody, lambda hint: hint == 0)


async def _topics(
    here: Site, member: Member | None, page: int, status: int = 200, error: str = "", text: str = ""
) -> HTMLResponse:
    async with here.database.reading() as session:
        found, more = await square.topics(session, page)
    names = {"member": member, "chat": await _way_to_chat(here, member), "topics": found, "page": page, "more": more}
    return here.page("square.html", status, **names, error=error, text=text, indexed=True)


async def _topic(
    here: Site,
    member: Member | None,
    topic_id: int,
    page: int,
    answer: int | None = None,
    status: int = 200,
    error: str = "",
    text: str = "",
) -> HTMLResponse:
    async with here.database.reading() as session:
        first, posts, more = await square.topic(session, topic_id, page)
        version = await square.changed_at(session, topic_id)
    answered = next((post for post in posts if post.id == answer and post.removed_at is None), first)
    names = {
        "member": member,
        "chat": await _way_to_chat(here, member),
        "topic": topic_id,
        "posts": posts,
        "page": page,
        "more": more,
        "version": version,
    }
    title = first.title or _("A deleted topic")
    return here.page(
        "topic.html", status, **names, title=title, answered=answered, error=error, text=text, indexed=True
    )


async def _way_to_chat(here: Site, member: Member | None) -> str | None:
    """The link of the member's newest offer, unless it is over or they said STOP."""
    if member is None:
        return None
    async with here.database.reading() as session:
        offer = await square.offer_to(session, member)
    if offer is None or offer.link is None:
        return None
    landing = await here.flow.landing(offer.link.rpartition("/")[2])
    leads_on = landing is not None and not landing.stopped and (landing.opted_in or not landing.expired)
    return offer.link if leads_on else None


async def _keep_pace(request: Request, member: Member) -> None:
    here = site(request)
    await here.pace.keep("post", member.id)
    await here.pace.keep("post from one address", address(request))


def _key(member: Member, key: str) -> str:
    """What makes a form's second sending the same post: never another member's, never an offer's."""
    return f"{member.id}:{plain(key) or secrets.token_urlsafe(12)}"


def _status(error: SquareError | TooFast) -> int:
    return 429 if isinstance(error, TooFast) else 422
