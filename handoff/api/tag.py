"""ETags: whether something is still as somebody read it."""

import hashlib

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from handoff import integration_errors


def of(shape: BaseModel) -> str:
    """The tag of what is answered: the same for as long as nothing of it changes."""
    return f'"{hashlib.sha256(shape.model_dump_json().encode()).hexdigest()[:32]}"'


def answer(request: Request, shape: BaseModel) -> Response:
    """The answer with its tag; without a body (304) if who asks has it already."""
    tag = of(shape)
    if tag in _named(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(shape.model_dump(mode="json"), headers={"ETag": tag})


def check(wanted: str | None, shape: BaseModel) -> None:
    """Raises `ChangedMeanwhile` unless it is still as `If-Match` says; without one, or with `*`, it always is."""
    named = _named(wanted or "*")
    if "*" not in named and of(shape) not in named:
        raise integration_errors.ChangedMeanwhile


def _named(header: str) -> list[str]:
    return [one.strip().removeprefix("W/") for one in header.split(",")]
