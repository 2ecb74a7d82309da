"""What every page needs: the record, the templates, the static files, and who is asking."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from handoff import agents
from handoff.base import clean
from handoff.database import Database
from handoff.hearing import Hearing
from handoff.live import Live
from handoff.models import Agent
from handoff.passkeys import Place
from handoff.roles import Right
from handoff.settings import Settings
from handoff.tokens import digest
from handoff.web.commons import Commons
from handoff.web.drawing import templates
from handoff.web.provider import Provider
from handoff.web.told import Told
from handoff.web.witness import Witness, address

log = logging.getLogger(__name__)

TRIES = RateLimitItemPerMinute(5, 15)
"""Sign-ins that one address may try for one account: five in a quarter of an hour."""

TRIES_OF_ALL = RateLimitItemPerMinute(30, 15)
"""Sign-ins that one address may try for all accounts together: an office of thirty comes in at once."""


@dataclass(frozen=True, slots=True)
class Site:
    """One inbox of one brand."""

    settings: Settings
    database: Database
    live: Live
    commons: Commons
    brand_name: str
    provider: Provider | None = None
    """By whose sign-in agents may come in, besides their password."""
    hearing: Hearing = field(default_factory=Hearing)
    told: Told = field(default_factory=Told)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Of the streams that tell their lists: one after the other."""
    tries: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    async def may_try(self, request: Request, account: str) -> bool:
        """Count a try to prove to be somebody. Whether it is not one too many, for this account or altogether."""
        where = address(request)
        account = clean(account).strip().casefold()
        return await self.tries.hit(TRIES_OF_ALL, where) and await self.tries.hit(TRIES, account, where)

    async def forgive(self, request: Request, account: str) -> None:
        """Forget the tries that came before one that worked."""
        await self.tries.clear(TRIES, clean(account).strip().casefold(), address(request))

    @property
    def place(self) -> Place:
        """Where passkeys count."""
        return Place(self.settings.inbox_origin, self.brand_name)

    @property
    def is_https(self) -> bool:
        """Whether agents reach us over TLS, so that the cookie may insist on it."""
        return self.settings.inbox_origin.startswith("https:")

    @property
    def cookie(self) -> str:
        """The name of the cookie that says who is signed in."""
        return "__Host-knock_inbox" if self.is_https else "knock_inbox"

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page made from a template."""
        return HTMLResponse(self.html(template, **values), status)

    def html(self, template: str, **values: Any) -> str:
        """The same as text."""
        shown = {"brand": self.brand_name, "has_provider": self.provider is not None}
        return templates().get_template(template).render(shown | values)


class NotSignedIn(Exception):
    """Sign in first."""


class NotAllowed(Exception):
    """Your role does not allow that. Ask an admin if you need it."""


async def site(request: Request) -> Site:
    """The inbox that the request came to; what is changed there is written down as a deed of whoever asks."""
    found: Site = request.app.state.site
    return replace(found, database=found.database.witnessed(Witness(request)))


Here = Annotated[Site, Depends(site)]


async def signed_in(request: Request, here: Here) -> Agent:
    """Who is asking. Raises `NotSignedIn`. What a page asks by itself (`Knock-Live`) does not keep a sign-in alive."""
    token = request.cookies.get(here.cookie, "")
    if request.method == "GET" and "knock-live" in request.headers:
        return await _lately_signed_in(request, here, token)
    async with here.database.reading() as session:
        found = await agents.signed_in(session, token) if token else None
    if found is None:
        raise NotSignedIn
    if agents.is_stale(found) and "knock-live" not in request.headers:
        async with here.database.transaction("inbox.seen") as session:
            await agents.seen(session, token)
    request.state.me = found.agent
    return found.agent


async def _lately_signed_in(request: Request, here: Site, token: str) -> Agent:
    me = (await here.commons.watch(since=0)).signed_in.get(digest(token))
    if me is None:
        raise NotSignedIn
    request.state.me = me
    return me


class Needs:
    """What a route asks for: somebody whose role has a right. Raises `NotAllowed`.

    Who may only read changes nothing, whatever a route forgot to ask for.
    """

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(self, request: Request, me: Annotated[Agent, Depends(signed_in)]) -> Agent:
        right = "answer" if self.right == "read" and request.method not in ("GET", "HEAD") else self.right
        if not me.may(right):
            log.warning("%s %s was refused to agent %s (%s)", request.method, request.url.path, me.id, me.role)
            raise NotAllowed
        return me


MySelf = Annotated[Agent, Depends(Needs("self"))]
Me = Annotated[Agent, Depends(Needs("read"))]
MeAnswering = Annotated[Agent, Depends(Needs("answer"))]
MeLeading = Annotated[Agent, Depends(Needs("lead"))]
MeReporting = Annotated[Agent, Depends(Needs("report"))]
MeAdmin = Annotated[Agent, Depends(Needs("admin"))]
MeTraining = Annotated[Agent, Depends(Needs("train"))]
MeAuditing = Annotated[Agent, Depends(Needs("audit"))]
