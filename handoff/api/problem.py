"""What went wrong, as RFC 9457 has it: `application/problem+json` with a sentence that says what to do."""

import logging
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from handoff import errors, integration_errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

SENTENCES = {
    404: "There is nothing here, or it is not yours to see.",
    405: "This address does not know that method. See the handbook at /api.",
    413: "That is too much at once. Send less.",
    422: "Something was missing or not understood: see `errors`.",
    503: "Knock cannot reach its record. Try again in a moment, with the same Idempotency-Key.",
}

STATUSES: Mapping[type[errors.Refusal], int] = {
    errors.NoSuchCase: 404,
    errors.NothingSaid: 422,
    errors.TooLong: 422,
    errors.NoTag: 422,
    errors.GapLeft: 422,
    integration_errors.NoSuchAgent: 422,
    integration_errors.KeyUsedForSomethingElse: 422,
    integration_errors.NoSuchCursor: 422,
    integration_errors.NoSuchWebhook: 404,
    integration_errors.NoSuchTelling: 404,
    integration_errors.ChangedMeanwhile: 412,
}
"""What is not here is a 409: it is not possible as things stand."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem, for programs."},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "description": "What was not understood, and where it stands.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}


def problem(
    status: int, detail: str, kind: str = "", headers: Mapping[str, str] = NO_HEADERS, **more: Any
) -> JSONResponse:
    """The answer. `kind` is a short word for programs, by default the status."""
    title = HTTPStatus(status).phrase
    body = {"type": f"/api#{kind or _dashed(title)}", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, dict(headers), MEDIA_TYPE)


async def refused(request: Request, error: errors.Refusal) -> JSONResponse:
    """A rule of ours says no."""
    return problem(status_of(type(error)), error.sentence, _dashed(type(error).__name__))


async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Not what the handbook says. What was sent is not repeated."""
    found = [{"where": ".".join(map(str, part["loc"])), "what": str(part["msg"])} for part in error.errors()]
    if any(part["loc"][0] == "path" for part in error.errors()):
        return problem(404, SENTENCES[404])
    return problem(422, SENTENCES[422], errors=found)


async def other(request: Request, error: HTTPException) -> JSONResponse:
    """Everything else that has a status."""
    status = error.status_code
    return problem(status, SENTENCES.get(status, f"{HTTPStatus(status).phrase}."), headers=error.headers or {})


async def away(request: Request, error: Exception) -> JSONResponse:
    """The record cannot be reached."""
    log.warning("the record is away: %s", error)
    return problem(503, SENTENCES[503], headers={"Retry-After": "5"})


async def unexpected(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours, with a number that is also in the log."""
    if isinstance(error, OperationalError | InterfaceError | NoConnectionFree):
        return await away(request, error)
    number = secrets.token_hex(4)
    log.error("request %s failed: %s %s", number, request.method, request.url.path, exc_info=error)
    return problem(500, f"That went wrong on our side, and nothing was changed. Try again, or tell an admin {number}.")


HANDLERS: Mapping[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, JSONResponse]]] = {
    errors.Refusal: refused,
    RequestValidationError: invalid,
    HTTPException: other,
    OperationalError: away,
    InterfaceError: away,
    NoConnectionFree: away,
    Exception: unexpected,
}


def status_of(kind: type[errors.Refusal]) -> int:
    """The status of a refusal."""
    return next((STATUSES[one] for one in kind.__mro__ if one in STATUSES), 409)


def _dashed(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\W+", "-", name).lower()
