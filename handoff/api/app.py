"""The API put together, to be mounted at /api/v1 of the inbox."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

from handoff.api import attachments, cases, customers, messages, problem, reports, sheet, solved, threads, webhooks
from handoff.api.gate import ALLOWED, Gate
from handoff.database import Database

VERSION = "1.0.0"

ABOUT = """The record of one Knock: threads, cases, messages, customers and reports, for people who live in other tools.
Before an opt-in nothing of anybody can be read. docs/api.md tells more."""

REFUSED: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What went wrong, and what to do.",
        "content": {problem.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_api(database: Database, *, allowed: int = ALLOWED) -> FastAPI:
    """The API. `allowed`: requests a minute of one token."""
    bearer = HTTPBearer(scheme_name="token", description="`Authorization: Bearer knock_…`", auto_error=False)
    api = FastAPI(
        title="Knock",
        version=VERSION,
        description=ABOUT,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=dict(problem.HANDLERS),
        dependencies=[Depends(bearer)],
        responses=REFUSED,
    )
    api.state.database = database
    api.add_middleware(Gate, database=database, allowed=allowed)
    for part in (sheet, threads, messages, attachments, cases, customers, reports, solved, webhooks):
        api.include_router(part.router)

    async def described() -> JSONResponse:
        return JSONResponse(handbook(api))

    api.add_api_route("/openapi.json", described, include_in_schema=False)
    return api


def handbook(api: FastAPI) -> dict[str, Any]:
    """The description of the API, as OpenAPI has it."""
    if api.openapi_schema is None:
        told = get_openapi(
            title=api.title, version=api.version, description=api.description, routes=api.routes, tags=api.openapi_tags
        )
        told["servers"] = [{"url": "/api/v1"}]
        told["components"]["schemas"]["Problem"] = problem.SCHEMA
        api.openapi_schema = told
    return api.openapi_schema
