"""/admin/api and /api: tokens and webhooks are made here, shown once, and what was told can be told again."""

import re

import httpx
import pytest
from sqlalchemy import func, select

from handoff.web.app import API
from handoff.webhooks import Telling, Webhook
from tests.browser import Browse, axe
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off

HOOK = {"url": "https://hooks.example/knock", "events": ["case.opened", "case.closed"]}


async def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    made = await ana.post("/admin/api/tokens", data={"name": "The <b>shop</b>", "access": "write"})
    token = re.findall(r"knock_[\w-]{43}", made.text)[0]
    page = (await ana.get("/admin/api/tokens", follow_redirects=True)).text
    assert token not in page
    assert "The &lt;b&gt;shop&lt;/b&gt;" in page
    program = await inbox.visitor()
    program.headers.pop("Origin")
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await program.get(f"{API}/threads", headers=bearer)).json() == {"items": [], "next": None}
    await ana.post("/admin/api/tokens/1/revoke")
    assert (await program.get(f"{API}/threads", headers=bearer)).status_code == 401


async def test_the_cookie_of_an_agent_opens_nothing_of_the_api(ana: httpx.AsyncClient) -> None:
    assert (await ana.get(f"{API}/threads")).status_code == 401
    assert (await ana.post(f"{API}/cases/1/claim", headers={"Origin": "https://evil.example"})).status_code == 401


async def test_a_program_sends_without_an_origin(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    token = re.findall(
        r"knock_[\w-]{43}", (await ana.post("/admin/api/tokens", data={"name": "x", "access": "write"})).text
    )[0]
    program = await inbox.visitor()
    program.headers.pop("Origin")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "key-of-the-note"}
    body = {"agent": ANA.email, "text": "From the shop"}
    answer = await program.post(f"{API}/threads/{thread_id}/notes", json=body, headers=headers)
    assert answer.status_code == 201
    too_much = await program.post(
        f"{API}/threads/{thread_id}/notes", json=body | {"text": "x" * 70_000}, headers=headers
    )
    assert (too_much.status_code, too_much.headers["content-type"]) == (413, "application/problem+json")


async def test_a_token_without_a_name_is_not_made(ana: httpx.AsyncClient) -> None:
    answer = await ana.post("/admin/api/tokens", data={"name": " "})
    assert answer.status_code == 422
    assert "Give it a name" in answer.text


async def test_a_webhooks_secret_is_shown_once_and_kept_sealed(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    made = await ana.post("/admin/api/webhooks", data=HOOK)
    secret = re.findall(r"whsec_[\w+/]{43}=", made.text)[0]
    assert secret not in (await ana.get("/admin/api")).text
    async with inbox.database.reading() as session:
        kept = (await session.scalars(select(Webhook))).one()
    assert kept.events == HOOK["events"]
    assert secret not in kept.sealed_secret


@pytest.mark.parametrize("url", ["http://hooks.example/", "https://127.0.0.1/", "javascript:alert(1)"])
async def test_an_address_that_may_not_be_called_is_refused_and_kept_in_its_field(
    ana: httpx.AsyncClient, url: str
) -> None:
    answer = await ana.post("/admin/api/webhooks", data=HOOK | {"url": url})
    assert answer.status_code == 422
    assert "Give the whole address of a public server" in answer.text
    assert f'value="{url}"' in answer.text


async def test_a_webhook_is_switched_off_and_on_and_removed(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/api/webhooks", data=HOOK)
    await ana.post("/admin/api/webhooks/1/off")
    assert "switched off by Ana" in (await ana.get("/admin/api")).text
    await ana.post("/admin/api/webhooks/1/on")
    assert "switched off" not in (await ana.get("/admin/api")).text
    await ana.post("/admin/api/webhooks/1/remove")
    assert "hooks.example" not in (await ana.get("/admin/api")).text


async def test_admins_see_that_a_webhook_failed_for_a_day(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/api/webhooks", data=HOOK)
    async with inbox.database.transaction("test.off") as session:
        webhook = (await session.scalars(select(Webhook))).one()
        webhook.off_at, webhook.off_why = func.clock_timestamp(), "it failed for a day"
    page = (await ana.get("/admin/api")).text
    assert "is told nothing any more, because it failed for a day. Repair it" in page


async def test_what_was_told_can_be_told_again(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/api/webhooks", data=HOOK)
    await handed_off(inbox.database)
    async with inbox.database.transaction("test.sent") as session:
        (await session.scalars(select(Telling))).one().state = "sent"
    path = re.findall(r"/admin/api/webhooks/1/replay/msg_\w+", (await ana.get("/admin/api")).text)[0]
    assert (await ana.post(path)).status_code == 303
    async with inbox.database.reading() as session:
        assert (await session.scalars(select(Telling.state))).one() == "pending"
    assert (await ana.post("/admin/api/webhooks/1/replay/nonsense")).status_code == 303


async def test_everybody_may_read_the_handbook(inbox: Inbox) -> None:
    page = (await (await inbox.visitor()).get("/api")).text
    assert "POST /cases/{case_id}/claim" in page
    assert "Idempotency-Key" in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_the_pages_can_be_used_by_everybody(
    inbox: Inbox, url: str, browse: Browse, scheme: str, width: int
) -> None:
    context = await browse(viewport={"width": width, "height": 900}, color_scheme=scheme)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/admin/api")
    await page.get_by_label("Name").fill("The shop")
    await page.get_by_role("button", name="Make a token").click()
    await page.get_by_label("Address").fill(str(HOOK["url"]))
    await page.get_by_role("button", name="Make a webhook").click()
    await handed_off(inbox.database)
    for path in ("/admin/api", "/api"):
        await page.goto(url + path)
        await axe(page)
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"
