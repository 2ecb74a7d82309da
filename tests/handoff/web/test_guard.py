"""What stands in front of every page."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from handoff.web.drawing import assets
from handoff.web.guard import LARGEST_BODY, BodyLimit, SameOrigin, security_headers
from tests.handoff.web.conftest import ORIGIN, Inbox

PAGES = ["/login", "/inbox", "/inbox/1", "/admin", "/join/unknown", "/nowhere", "/healthz"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_policy_and_is_kept_nowhere(ana: httpx.AsyncClient, path: str) -> None:
    headers = (await ana.get(path)).headers
    policy = headers["content-security-policy"]
    assert "unsafe-" not in policy
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_static_files_are_kept_for_ever_under_an_address_that_changes_with_them(inbox: Inbox) -> None:
    visitor = await inbox.visitor()
    address = assets().url("inbox.js")
    newest = await visitor.get(address)
    assert "immutable" in newest.headers["cache-control"]
    assert newest.headers["content-type"].startswith("text/javascript")
    old = await visitor.get("/static/0123456789ab/inbox.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert (await visitor.get("/static/../app.py")).status_code == 404
    assert (await visitor.get(address.replace("inbox.js", "app.py"))).status_code == 404


def test_https_is_insisted_on_where_there_is_https() -> None:
    assert "Strict-Transport-Security" in security_headers("https://inbox.example")
    assert "Strict-Transport-Security" not in security_headers(ORIGIN)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": ORIGIN}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8000"}, 403),
        ({"Origin": "http://localhost:8001.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_s1_what_another_site_sends_is_refused(headers: dict[str, str], status: int) -> None:
    async def done(request: Request) -> PlainTextResponse:
        return PlainTextResponse("done")

    app = SameOrigin(Starlette(routes=[Route("/", done, methods=["GET", "POST", "DELETE"])]), origin=ORIGIN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as visitor:
        assert (await visitor.post("/", headers=headers)).status_code == status
        assert (await visitor.delete("/", headers=headers)).status_code == status
        assert (await visitor.get("/", headers=headers)).status_code == 200


async def test_a_body_that_is_too_large_is_not_read_whatever_its_length_was_said_to_be() -> None:
    async def count(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def pieces(size: int):  # type: ignore[no-untyped-def]
        for _ in range(size // 1024):
            yield b"x" * 1024

    app = Starlette(routes=[Route("/", count, methods=["POST"])])
    app.add_middleware(BodyLimit)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as visitor:
        assert (await visitor.post("/", content=pieces(LARGEST_BODY))).text == str(LARGEST_BODY)
        assert (await visitor.post("/", content=pieces(LARGEST_BODY + 1024))).status_code == 413
        assert (await visitor.post("/", content=b"x" * (1024 * 1024))).status_code == 413


async def test_a_body_of_a_megabyte_gets_a_page_that_says_so(ana: httpx.AsyncClient) -> None:
    answer = await ana.post("/inbox/1/reply", data={"text": "x" * 1024 * 1024})
    assert answer.status_code == 413
    assert "too much at once" in answer.text
