"""/api: what the API can do, as a page for people; made of the same description that programs read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from handoff.api.app import handbook
from handoff.web.site import Here

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for."""

    method: str
    path: str
    sentence: str
    parameters: list[tuple[str, str]]
    """Names and what they mean."""
    body: list[tuple[str, str]]


@router.get("/api")
async def page(request: Request, here: Here) -> HTMLResponse:
    """The page; everybody may read it."""
    described = handbook(request.app.state.api)
    return here.page("handbook.html", described=described, operations=list(operations(described)))


def operations(described: dict[str, Any]) -> Iterator[Operation]:
    """Everything that can be asked for, in the order of the description."""
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            parameters = [(one["name"], one.get("description", "")) for one in told.get("parameters", [])]
            yield Operation(method.upper(), path, told["description"], parameters, _body(described, told))


def _body(described: dict[str, Any], told: dict[str, Any]) -> list[tuple[str, str]]:
    if "requestBody" not in told:
        return []
    name = told["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    fields = described["components"]["schemas"][name]["properties"]
    return [(field, schema.get("description", "")) for field, schema in fields.items()]
