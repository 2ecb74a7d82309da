"""Who may see and do what: every route of the application, asked by everybody."""

import httpx
import pytest

from handoff.settings import Settings
from handoff.web.app import create_app
from tests.cast import ANA, BEN, Colleague
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off, in_public

OPEN_TO_ALL = {"/", "/login", "/logout", "/join/{token}", "/healthz", "/api"}

NAMES = {
    "channel": "x",
    "thread_id": "1",
    "message_id": "1",
    "agent_id": "1",
    "offer_id": "1",
    "post_id": "1",
    "deed": "keep",
    "reply_id": "1",
    "integration_id": "1",
    "webhook_id": "1",
    "event_id": "msg_1",
}


def every_route() -> list[tuple[str, str]]:
    app = create_app(Settings(), None, None, "Northwind")  # type: ignore[arg-type]
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


GUARDED = [(method, path) for method, path in every_route() if path not in OPEN_TO_ALL]


async def ask(visitor: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await visitor.request(method, path.replace("{token}", "unknown").format(**NAMES))


def test_the_matrix_covers_the_application() -> None:
    assert len(GUARDED) >= 15
    assert {path for _, path in every_route()} >= OPEN_TO_ALL


async def test_nobody_gets_anywhere_without_signing_in(inbox: Inbox) -> None:
    visitor = await inbox.visitor()
    for method, path in GUARDED:
        answer = await ask(visitor, method, path)
        where = answer.headers.get("location", "")
        assert (answer.status_code, where[:6]) == ((401, "") if path == "/live" else (303, "/login")), path


async def test_an_agent_gets_nowhere_in_the_admin_pages(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    for method, path in GUARDED:
        if path.startswith("/admin"):
            answer = await ask(ben, method, path)
            assert answer.status_code == 403, path
            assert "for admins" in answer.text


async def test_an_agent_sees_no_link_to_the_admin_pages(ben: httpx.AsyncClient, ana: httpx.AsyncClient) -> None:
    assert "/admin" not in (await ben.get("/inbox")).text
    assert "/admin" in (await ana.get("/inbox")).text


@pytest.mark.parametrize("who", [ANA, BEN])
@pytest.mark.parametrize("path", [path for _, path in GUARDED if path.startswith("/inbox/")])
async def test_a_thread_that_was_never_handed_off_does_not_exist_for_anybody(
    inbox: Inbox, who: Colleague, path: str
) -> None:
    thread_id = await in_public(inbox.database)
    visitor = await inbox.visitor(who)
    form = {
        "client_id": "client-id-1",
        "seen_seq": "0",
        "text": "Hello",
        "mode": "reply",
        "until": "hours",
        "priority": "high",
    }
    method = next(method for method, there in GUARDED if there == path)
    for number in (str(thread_id), "999", "0", "-1", "x", str(2**70)):
        address = path.format(**NAMES | {"thread_id": number})
        answer = await visitor.request(method, address, data=form if method == "POST" else None)
        assert answer.status_code == 404
        assert "charged twice" not in answer.text


async def test_an_agent_who_is_shut_out_sees_nothing_from_that_moment_on(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    assert (await ben.get(f"/inbox/{thread_id}")).status_code == 200
    await ana.post(f"/admin/agents/{inbox.people['Ben'].id}/disable")
    assert (await ben.get(f"/inbox/{thread_id}")).status_code == 303
    assert (await ben.get("/live")).status_code == 401
    await ana.post(f"/admin/agents/{inbox.people['Ben'].id}/enable")
    assert (await ben.get(f"/inbox/{thread_id}")).status_code == 303, "an old cookie does not come back to life"


async def test_the_front_door_leads_to_the_inbox(inbox: Inbox) -> None:
    answer = await (await inbox.visitor()).get("/")
    assert answer.headers["location"] == "/inbox"


async def test_nobody_can_read_what_the_application_is_made_of(inbox: Inbox) -> None:
    visitor = await inbox.visitor()
    assert {(await visitor.get(path)).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}
