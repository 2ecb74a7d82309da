"""The pages that say what went wrong, and what to do now."""

import logging
import re
import secrets
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from handoff import cases, drafts, errors, training_errors, version_errors
from handoff.web.guard import security_headers
from handoff.web.site import NotAllowed, NotSignedIn, Site

log = logging.getLogger(__name__)

SENTENCES = {
    403: "This is not for you to see or do.",
    404: "There is nothing here, or it is not yours to see.",
    405: "Nothing can be done here in this way. Go back and try the button again.",
    413: "That is too much at once. Send less, or several smaller parts: a file of examples has at most 1 MB.",
    422: "Something was missing or not understood. Go back, look at what you entered, and try again.",
    429: "Too many tries. Wait a quarter of an hour, then try again.",
    500: "That went wrong on our side, and nothing was changed. Try again; if it stays, tell an admin this number:",
    503: "Knock cannot reach its record; try again in a moment. Nothing you wrote is lost.",
}


async def not_signed_in(request: Request, error: Exception) -> Response:
    """To the sign-in, and from there back to the page that was asked for."""
    if request.url.path == "/live":
        return Response(status_code=401)
    came_for = request.url.path if request.method == "GET" else await _kept(request)
    return RedirectResponse(f"/login?next={came_for}", 303)


async def _kept(request: Request) -> str:
    """Where to go on after signing in: to the thread, where what was being sent is a draft now."""
    here: Site = request.app.state.site
    place = re.fullmatch(r"/inbox/([1-9]\d{0,17})/(reply|note)", request.url.path)
    said = (await request.form()).get("text") if place else None
    if not place or not isinstance(said, str) or not said.strip():
        return "/inbox"
    thread_id, mode = int(place[1]), cast(drafts.Mode, place[2])
    async with here.database.transaction("inbox.kept") as session:
        writer = await drafts.writer(session, request.cookies.get(here.cookie, ""))
        if writer is not None:
            await cases.known(session, thread_id)
            await drafts.give_back(session, thread_id, writer, mode, said.replace("\r\n", "\n")[: drafts.LONGEST])
    return f"/inbox/{thread_id}"


async def not_allowed(request: Request, error: Exception) -> Response:
    """A page or a deed that somebody's role does not allow."""
    return trouble(request, 403, str(NotAllowed.__doc__))


async def no_such_case(request: Request, error: Exception) -> Response:
    """A thread that is not there, or was never handed off: nobody can tell which."""
    return trouble(request, 404, errors.NoSuchCase().sentence)


async def no_such_customer(request: Request, error: Exception) -> Response:
    """A customer who is not there, or of whom nothing is left."""
    return trouble(request, 404, errors.NoSuchCustomer().sentence)


async def not_taught(request: Request, error: Exception) -> Response:
    """An intent, an example or a version that is not there."""
    return trouble(request, 404, cast(training_errors.TrainingError, error).sentence)


async def invalid(request: Request, error: Exception) -> Response:
    """An address or a form that no page of ours has."""
    places = [part["loc"][0] for part in error.errors()] if isinstance(error, RequestValidationError) else []
    return trouble(request, 404 if "path" in places else 422)


async def refused(request: Request, error: Exception) -> Response:
    """Everything else that has a status."""
    return trouble(request, error.status_code if isinstance(error, HTTPException) else 500)


async def away(request: Request, error: Exception) -> Response:
    """The record cannot be reached."""
    log.warning("the record is away: %s", error)
    return trouble(request, 503)


async def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours, with a number that is also in the log."""
    number = secrets.token_hex(4)
    log.error("request %s failed: %s %s", number, request.method, request.url.path, exc_info=error)
    answer = trouble(request, 500, f"{SENTENCES[500]} {number}.")
    origin = request.app.state.site.settings.inbox_origin
    answer.headers.update(security_headers(origin))  # this answer passes no middleware
    return answer


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    NotSignedIn: not_signed_in,
    NotAllowed: not_allowed,
    errors.NoSuchCase: no_such_case,
    errors.NoSuchCustomer: no_such_customer,
    training_errors.NoSuchIntent: not_taught,
    training_errors.NoSuchExample: not_taught,
    version_errors.NoSuchVersion: not_taught,
    RequestValidationError: invalid,
    HTTPException: refused,
    OperationalError: away,
    InterfaceError: away,
    NoConnectionFree: away,
    Exception: unexpected,
}
"""Which page answers which error."""


def trouble(request: Request, status: int, sentence: str | None = None) -> Response:
    """A page that says one thing."""
    site: Site = request.app.state.site
    title = HTTPStatus(status).phrase
    return site.page("trouble.html", status, title=title, sentence=sentence or SENTENCES.get(status, f"{title}."))
