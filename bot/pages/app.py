"""The customer's application: its pages, what stands in front of them, and what they say when something is wrong."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.brand import Brand
from bot.flow import Flow
from bot.pages import chat, code, link, posts, proof, square, stop, transcript, verify, yours
from bot.pages.pace import TooFast
from bot.pages.site import Site, see, site
from bot.pages.speak import FOLDER, N_, Speaks, _
from bot.settings import BotSettings
from handoff.database import Database
from handoff.live import Live
from handoff.square_errors import NoSuchPost, NotYours
from handoff.web.guard import UNTRACED, BodyLimit, SameOrigin, SecurityHeaders, security_headers
from handoff.web.uploads import largest_body

log = logging.getLogger(__name__)

REFERRER = "no-referrer"
"""An address of ours can hold the token of a link: no other site hears it."""

SENTENCES = {
    403: (N_("That is not possible here"), N_("Only its author can do that.")),
    404: (N_("There is nothing here"), N_("The page was removed, or the address is not whole.")),
    405: (N_("There is nothing here"), N_("The page was removed, or the address is not whole.")),
    413: (N_("That is too much at once"), N_("Shorten it, or send it in parts.")),
    500: (
        N_("That is our mistake"),
        N_("Something went wrong on our side. Go back and try again; your text is still there."),
    ),
    503: (
        N_("One moment"),
        N_("We cannot reach our record right now. Try again in a moment; nothing you wrote is lost."),
    ),
}


def create_app(
    settings: BotSettings, brand: Brand, database: Database, flow: Flow, live: Live, catalogues: Path = FOLDER
) -> FastAPI:
    """The customer's pages. They share nothing with the inbox but the record. `catalogues`: where translations are."""
    app = FastAPI(openapi_url=None, telemetry=UNTRACED)
    here = app.state.site = Site(settings, brand, database, flow, live, catalogues)
    app.get("/")(_front)
    app.get("/privacy")(_privacy)
    app.get("/healthz")(_health)
    for part in (square, posts, link, chat, code, proof, stop, verify, yours, transcript):
        app.include_router(part.router)
    app.mount("/static", here.assets)
    app.add_middleware(BodyLimit, larger={r"/h/[^/]+/say": largest_body(settings.largest_file)})
    app.add_middleware(Speaks, languages=here.languages)
    app.add_middleware(SameOrigin, origin=settings.public_origin)
    app.add_middleware(SecurityHeaders, origin=settings.public_origin, referrer=REFERRER)
    for error, answer in ERRORS.items():
        app.add_exception_handler(error, answer)
    return app


async def _front() -> RedirectResponse:
    return see("/square")


async def _privacy(request: Request) -> HTMLResponse:
    here = site(request)
    return here.page(
        "privacy.html", retention=here.brand.retention_days, privacy_url=here.brand.privacy_url, indexed=True
    )


async def _health(request: Request) -> JSONResponse:
    try:
        async with site(request).database.reading() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return JSONResponse({"database": "away"}, 503)
    return JSONResponse({"database": "ok"})


def _sorry(request: Request, status: int) -> HTMLResponse:
    title, words = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 404])
    return site(request).plain(status, _(title), _(words), "/square", _("Go to the square"))


async def _http(request: Request, error: HTTPException) -> Response:
    return _sorry(request, error.status_code)


async def _too_fast(request: Request, error: TooFast) -> Response:
    page = site(request).plain(429, _("One moment"), error.sentence, request.url.path, _("Try again"))
    page.headers["Retry-After"] = str(error.seconds)
    return page


async def _nothing(request: Request, error: Exception) -> Response:
    return _sorry(request, 404)


async def _not_yours(request: Request, error: Exception) -> Response:
    return _sorry(request, 403)


async def _away(request: Request, error: Exception) -> Response:
    """The record is away, or refuses: only the former is worth trying again."""
    away = isinstance(error, OperationalError | InterfaceError | TimeoutError)
    log.error("the record is away: %s" if away else "the record refused: %s", error, exc_info=None if away else error)
    return _sorry(request, 503 if away else 500)


async def _mistake(request: Request, error: Exception) -> Response:
    answer = _sorry(request, 500)
    origin = site(request).settings.public_origin
    answer.headers.update(security_headers(origin, REFERRER))  # this answer passes no middleware
    return answer


ERRORS: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
    HTTPException: _http,
    RequestValidationError: _nothing,
    NoSuchPost: _nothing,
    NotYours: _not_yours,
    TooFast: _too_fast,
    SQLAlchemyError: _away,
    Exception: _mistake,
}
