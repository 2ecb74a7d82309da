"""What every page needs: the record, the templates, the static files, and who is asking."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from handoff import agents
from handoff.database import Database
from handoff.live import Live
from handoff.models import Agent
from handoff.settings import Settings
from handoff.web import words
from handoff.web.assets import Assets

HERE = Path(__file__).parent

TRIES = RateLimitItemPerMinute(5, 15)
"""Sign-ins that one address may try for one account: five in a quarter of an hour."""

TRIES_OF_ALL = RateLimitItemPerMinute(30, 15)
"""Sign-ins that one address may try for all accounts together: an office of thirty comes in at once."""


@cache
def assets() -> Assets:
    """The static files of the inbox."""
    return Assets(HERE / "static", icons=words.ICONS)


@cache
def templates() -> Environment:
    """The templates of the inbox, each compiled once a process."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS
    made.globals |= {"static": assets().url, "keys": words.KEYS}
    parts = made.get_template("parts.html").module
    made.globals |= {name: getattr(parts, name) for name in ("icon", "key", "waits")}
    return made


@dataclass(frozen=True, slots=True)
class Site:
    """One inbox of one brand."""

    settings: Settings
    database: Database
    live: Live
    brand_name: str
    tries: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

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
        return HTMLResponse(templates().get_template(template).render(values, brand=self.brand_name), status)


class NotSignedIn(Exception):
    """Sign in first."""


class AdminsOnly(Exception):
    """This page is for admins. Ask one of them."""


def site(request: Request) -> Site:
    """The inbox that the request came to."""
    found: Site = request.app.state.site
    return found


Here = Annotated[Site, Depends(site)]


async def signed_in(request: Request, here: Here) -> Agent:
    """Who is asking. Raises `NotSignedIn`. What a page asks by itself (`Knock-Live`) does not keep a sign-in alive."""
    token = request.cookies.get(here.cookie, "")
    async with here.database.reading() as session:
        found = await agents.signed_in(session, token) if token else None
    if found is None:
        raise NotSignedIn
    if agents.is_stale(found) and "knock-live" not in request.headers:
        async with here.database.transaction("inbox.seen") as session:
            await agents.seen(session, token)
    return found.agent


Me = Annotated[Agent, Depends(signed_in)]


async def admin(me: Me) -> Agent:
    """Who is asking, if that is an admin. Raises `AdminsOnly`."""
    if not me.is_admin:
        raise AdminsOnly
    return me


MeAdmin = Annotated[Agent, Depends(admin)]
