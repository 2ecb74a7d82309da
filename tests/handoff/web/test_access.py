"""Who may see and do what: every route of the application, asked by everybody."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import select

from handoff.models import Case
from handoff.roles import Right, may
from handoff.settings import Settings
from handoff.web.app import create_app
from handoff.web.site import Needs
from tests.cast import ANA, BEN, LENA, YUKI, Colleague
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off, in_public

OPEN_TO_ALL = {
    "/",
    "/login",
    "/login/code",
    "/login/oidc",
    "/login/oidc/back",
    "/login/passkey",
    "/login/passkey/options",
    "/logout",
    "/join/{token}",
    "/healthz",
    "/api",
}

NAMES = {
    "channel": "x",
    "thread_id": "1",
    "message_id": "1",
    "agent_id": "1",
    "attachment_id": "1",
    "offer_id": "1",
    "post_id": "1",
    "deed": "keep",
    "reply_id": "1",
    "integration_id": "1",
    "webhook_id": "1",
    "event_id": "msg_1",
    "what": "app",
    "passkey_id": "1",
    "sign_in_id": "999",
    "customer_id": "1",
    "team_id": "1",
    "view_id": "1",
    "intent": "refund",
    "how": "rename",
    "pattern_id": "1",
    "example": "en-00000000000000000000000000000000",
    "training_id": "1",
    "version": "1",
    "other": "2",
}


def every_route() -> list[tuple[str, str]]:
    app = create_app(Settings(), None, None, "Northwind")  # type: ignore[arg-type]
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]


def routes_of(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router.routes)


def rights_of(dependant: Dependant) -> set[Right]:
    here: set[Right] = {dependant.call.right} if isinstance(dependant.call, Needs) else set()
    return here.union(*map(rights_of, dependant.dependencies))


def declared() -> dict[tuple[str, str], set[Right]]:
    """The rights that every route asks for."""
    app = create_app(Settings(), None, None, "Northwind")  # type: ignore[arg-type]
    return {
        (method, route.path_format): rights_of(route.dependant)
        for route in routes_of(app.routes)
        for method in route.methods or ()
    }


DECLARED = declared()

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


@pytest.mark.parametrize("route", GUARDED, ids=" ".join)
def test_every_route_declares_the_right_that_it_needs(route: tuple[str, str]) -> None:
    rights = DECLARED[route]
    assert len(rights) == 1, f"{route} asks for {rights or 'nothing'}"
    assert route[0] in ("GET", "HEAD") or rights != {"read"}, "who changes something needs more than to read"


@pytest.mark.parametrize("who", [ANA, BEN, LENA, YUKI], ids=lambda who: who.role)
async def test_s1_no_role_gets_further_than_its_rights(inbox: Inbox, who: Colleague) -> None:
    visitor = await inbox.visitor(who)
    for method, path in sorted(GUARDED):
        if path == "/live":
            continue  # it would never end
        (right,) = DECLARED[method, path]
        answer = await ask(visitor, method, path)
        assert (answer.status_code == 403) is not may(who.role, right), f"{who.role} at {method} {path}"
        if answer.status_code == 403:
            assert "Your role does not allow that" in answer.text


@pytest.mark.parametrize("who", [ANA, BEN, LENA, YUKI], ids=lambda who: who.role)
async def test_i26_a_page_has_no_link_and_no_button_that_its_reader_may_not_use(inbox: Inbox, who: Colleague) -> None:
    thread_id = await handed_off(inbox.database)
    visitor = await inbox.visitor(who)
    for page in (
        "/inbox",
        f"/inbox/{thread_id}",
        "/me",
        "/admin",
        "/admin/teams",
        "/admin/nlu/intents",
        "/admin/nlu/intents/refund",
    ):
        text = (await visitor.get(page)).text
        for kind, address in re.findall(r'(href|action|formaction)="(/[^"?#]*)', text):
            method = "GET" if kind == "href" else "POST"
            for (wanted, path), rights in DECLARED.items():
                if wanted == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), address) and rights:
                    assert all(may(who.role, right) for right in rights), f"{who.role} is shown {address} on {page}"


async def test_i26_an_analyst_is_refused_and_nothing_changes(inbox: Inbox) -> None:
    thread_id = await handed_off(inbox.database)
    yuki = await inbox.visitor(YUKI)
    assert "Charged twice" in (await yuki.get(f"/inbox/{thread_id}")).text
    answer = await yuki.post(f"/inbox/{thread_id}/claim")
    assert (answer.status_code, "Your role does not allow that" in answer.text) == (403, True)
    async with inbox.database.reading() as session:
        assert await session.scalar(select(Case.claimed_by)) is None


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
        assert answer.status_code == (404 if all(may(who.role, right) for right in DECLARED[method, path]) else 403)
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
