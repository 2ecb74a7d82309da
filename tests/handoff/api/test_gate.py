"""Who may use the API: every route, asked without a token, with a revoked one, and with one that may only read."""

import httpx
import pytest
from sqlalchemy import select

from handoff import integrations
from handoff.api.app import create_api, handbook
from handoff.api.problem import MEDIA_TYPE
from handoff.database import Database
from handoff.integrations import Integration
from handoff.tokens import digest
from tests.handoff.api.conftest import Api

NAMES = {"thread_id": "1", "case_id": "1", "customer_id": "1", "webhook_id": "1", "event_id": "msg_1"}
NAMES |= {"attachment_id": "1"}


def every_route() -> list[tuple[str, str]]:
    described = handbook(create_api(None))["paths"]  # type: ignore[arg-type]
    return [(method.upper(), path.format(**NAMES)) for path, methods in described.items() for method in methods]


def test_the_walk_covers_the_api() -> None:
    assert len(every_route()) >= 20
    assert {method for method, _ in every_route()} == {"GET", "POST"}


@pytest.mark.parametrize("token", ["", "Bearer ", "Basic a25vY2s6", "Bearer knock_unknown", "Bearer ünknown"])
async def test_nothing_is_reached_without_a_token(api: Api, token: str) -> None:
    visitor = await api.client(None)
    for method, path in [*every_route(), ("GET", "/nothing"), ("DELETE", "/threads")]:
        headers = [(b"authorization", token.encode())] if token else []
        answer = await visitor.request(method, path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "/admin/api" in answer.json()["detail"]


async def test_who_may_only_read_changes_nothing(api: Api, reader: httpx.AsyncClient) -> None:
    for method, path in every_route():
        answer = await reader.request(method, path, json={}, headers={"Idempotency-Key": "12345678"})
        assert answer.status_code == 403 if method == "POST" else answer.status_code in (200, 404), path
        if method == "POST":
            assert answer.json()["detail"] == "This token may only read. Ask an admin for one that may write."


async def test_a_revoked_token_opens_nothing_from_that_moment_on(api: Api, shop: httpx.AsyncClient) -> None:
    assert (await shop.get("/threads")).status_code == 200
    async with api.database.transaction("test.revoke") as session:
        made = (await session.scalars(select(Integration))).one()
        await integrations.revoke(session, made.id)
    assert (await shop.get("/threads")).status_code == 401


async def test_of_a_token_only_the_hash_is_kept_and_when_it_was_last_used(api: Api) -> None:
    token = await api.token()
    async with api.database.reading() as session:
        made = (await session.scalars(select(Integration))).one()
        assert (made.token_hash, made.used_at) == (digest(token), None)
    visitor = await api.client(None)
    await visitor.get("/threads", headers={"Authorization": f"Bearer {token}"})
    async with api.database.reading() as session:
        again = (await session.scalars(select(Integration))).one()
        assert again.used_at is not None


async def test_who_asks_too_often_is_told_when_to_go_on(database: Database) -> None:
    api = Api(create_api(database, allowed=3), database)
    shop, other = await api.client(), await api.client()
    left = [(await shop.get("/threads")).headers["RateLimit"].split(";")[1] for _ in range(3)]
    assert left == ["r=2", "r=1", "r=0"]
    answer = await shop.get("/threads")
    assert (answer.status_code, answer.headers["content-type"]) == (429, MEDIA_TYPE)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert (await other.get("/threads")).status_code == 200


async def test_everybody_may_read_the_handbook(api: Api) -> None:
    visitor = await api.client(None)
    described = (await visitor.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.")
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
