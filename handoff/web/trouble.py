"""The pages that say what went wrong, and what to do now."""

import logging
import secrets
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from handoff import errors
from handoff.web.guard import security_headers
from handoff.web.site import AdminsOnly, NotSignedIn, Site

log = logging.getLogger(__name__)

SENTENCES = {
    403: "This is not for you to see or do.",
    404: "There is nothing here, or it is not yours to see.",
    405: "Nothing can be done here in this way. Go back and try the button again.",
    413: "That is too much at once. Shorten it and try again.",
    422: "Something was missing or not understood. Go back, look at what you entered, and try again.",
    429: "Too many tries. Wait a quarter of an hour, then try again.",
    500: "That went wrong on our side, and nothing was changed. Try again; if it stays, tell an admin this number:",
    503: "Knock cannot reach its record; try again in a moment. Nothing you wrote is lost.",
}


def install(app: FastAPI, site: Site) -> None:
    """Answer every error with a page of one sentence."""

    async def not_signed_in(request: Request, error: Exception) -> Response:
        if request.url.path == "/live":
            return Response(status_code=401)
        came_for = request.url.path if request.method == "GET" else "/inbox"
        return RedirectResponse(f"/login?next={came_for}", 303)

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return trouble(site, status)

    async def invalid(request: Request, error: Exception) -> Response:
        places = [part["loc"][0] for part in error.errors()] if isinstance(error, RequestValidationError) else []
        return trouble(site, 404 if "path" in places else 422)

    async def admins_only(request: Request, error: Exception) -> Response:
        return trouble(site, 403, str(AdminsOnly.__doc__))

    async def no_such_case(request: Request, error: Exception) -> Response:
        return trouble(site, 404, errors.NoSuchCase().sentence)

    async def away(request: Request, error: Exception) -> Response:
        log.warning("the record is away: %s", error)
        return trouble(site, 503)

    async def unexpected(request: Request, error: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("request %s failed: %s %s", number, request.method, request.url.path, exc_info=error)
        answer = trouble(site, 500, f"{SENTENCES[500]} {number}.")
        answer.headers.update(security_headers(site.settings.inbox_origin))  # this answer passes no middleware
        return answer

    for kind in (OperationalError, InterfaceError, NoConnectionFree):
        app.exception_handler(kind)(away)
    app.exception_handler(NotSignedIn)(not_signed_in)
    app.exception_handler(AdminsOnly)(admins_only)
    app.exception_handler(errors.NoSuchCase)(no_such_case)
    app.exception_handler(RequestValidationError)(invalid)
    app.exception_handler(HTTPException)(http)
    app.exception_handler(Exception)(unexpected)


def trouble(site: Site, status: int, sentence: str | None = None) -> Response:
    """A page that says one thing."""
    title = HTTPStatus(status).phrase
    return site.page("trouble.html", status, title=title, sentence=sentence or SENTENCES.get(status, f"{title}."))
