"""Coming in and going out."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from handoff import agents
from handoff.settings import Settings
from handoff.sign_ins import SignIn
from handoff.web.app import create_app
from handoff.web.site import TRIES_OF_ALL
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox

WRONG = "The email address or the password is wrong."


def form(**changes: str) -> dict[str, str]:
    return {"email": ANA.email, "password": ANA.password} | changes


async def test_the_right_password_opens_the_page_that_was_asked_for(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    sent_away = await visitor.get("/inbox/7")
    page = await visitor.get(sent_away.headers["location"])
    assert 'name="next" value="/inbox/7"' in page.text
    answer = await visitor.post("/login", data=form(next="/inbox/7"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/7")
    assert (await visitor.get("/inbox")).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["//[", "https://evil.example/", "//evil.example/inbox", "/\\evil.example", "javascript:alert(1)", "/logout", ""],
)
async def test_signing_in_leads_nowhere_but_into_the_inbox(inbox: Inbox, address: str) -> None:
    await inbox.hire(ANA)
    answer = await (await inbox.visitor()).post("/login", data=form(next=address))
    assert answer.headers["location"] == "/inbox"


async def test_the_cookie_is_for_the_server_alone(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    cookie = (await (await inbox.visitor()).post("/login", data=form())).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie, "this inbox is reached without TLS"


async def test_with_tls_the_cookie_is_bound_to_this_host_and_to_tls(inbox: Inbox) -> None:
    settings = Settings(secret="a secret for tests", inbox_url="https://inbox.example")
    app = create_app(settings, inbox.database, inbox.live, "Northwind")
    await inbox.hire(ANA)
    headers = {"Origin": "https://inbox.example"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://inbox.example", headers=headers
    ) as visitor:
        cookie = (await visitor.post("/login", data=form())).headers["set-cookie"]
    assert cookie.startswith("__Host-knock_inbox=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"email": "nobody@northwind.example"}, {"email": ""}])
async def test_a_wrong_sign_in_gets_one_answer_and_keeps_the_address(inbox: Inbox, changes: dict[str, str]) -> None:
    await inbox.hire(ANA)
    answer = await (await inbox.visitor()).post("/login", data=form(**changes))
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert f'value="{(changes.get("email", ANA.email))}"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_after_five_wrong_tries_even_the_right_password_waits(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    tries = [await visitor.post("/login", data=form(password="wrong")) for _ in range(5)]
    assert {answer.status_code for answer in tries} == {422}
    answer = await visitor.post("/login", data=form())
    assert answer.status_code == 429
    assert "quarter of an hour" in answer.text


async def test_an_address_written_in_other_ways_gives_no_fresh_tries(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    ways = [ANA.email, "\x00" + ANA.email, ANA.email.replace("a", "a\x00"), f" {ANA.email.upper()}\x00 ", ANA.email]
    tries = [await visitor.post("/login", data=form(email=email, password="wrong")) for email in ways]
    assert {answer.status_code for answer in tries} == {422}
    assert (await visitor.post("/login", data=form(email=ANA.email + "\x00"))).status_code == 429


async def test_whoever_tries_one_account_after_the_other_waits_as_well(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    tries = inbox.app.state.site.tries
    for _ in range(TRIES_OF_ALL.amount):
        assert await tries.hit(TRIES_OF_ALL, "127.0.0.1")
    assert (await visitor.post("/login", data=form())).status_code == 429


async def test_a_sign_in_that_worked_forgives_the_tries_before(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    for _ in range(2):
        for _ in range(4):
            assert (await visitor.post("/login", data=form(password="wrong"))).status_code == 422
        assert (await visitor.post("/login", data=form())).status_code == 303


async def test_each_sign_in_has_a_cookie_of_its_own(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    cookies = {(await (await inbox.visitor()).post("/login", data=form())).headers["set-cookie"] for _ in range(2)}
    assert len(cookies) == 2


async def test_signing_out_ends_the_sign_in_and_not_only_the_cookie(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    cookies = dict(ana.cookies)
    answer = await ana.post("/logout")
    assert answer.headers["location"] == "/login"
    thief = await inbox.visitor()
    thief.cookies.update(cookies)
    assert (await thief.get("/inbox")).status_code == 303


async def test_an_invitation_brings_somebody_in_once(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await ana.post("/admin/invite", data={})).text
    found = re.search(r"/join/[\w-]+", page)
    assert found
    assert found[0] not in (await ana.get("/admin")).text, "the link is shown once"
    visitor = await inbox.visitor()
    for _ in range(2):
        assert "Join the team" in (await visitor.get(found[0])).text, "looking uses nothing up"
    person = {"name": BEN.name, "email": BEN.email, "password": BEN.password}
    answer = await visitor.post(found[0], data=person | {"password": "short"})
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text
    assert BEN.email in answer.text
    assert (await visitor.post(found[0], data=person)).headers["location"] == "/inbox"
    assert (await visitor.get("/admin")).status_code == 403, "an agent, not an admin"
    for answer in (await visitor.get(found[0]), await visitor.post(found[0], data=person)):
        assert answer.status_code == 410
        assert "was used or has expired" in answer.text


async def test_an_unknown_invitation_is_answered_like_a_used_one(inbox: Inbox) -> None:
    answer = await (await inbox.visitor()).get("/join/unknown")
    assert answer.status_code == 410
    assert "was used or has expired" in answer.text


async def test_the_first_admin_comes_in_by_a_link_too(inbox: Inbox) -> None:
    async with inbox.database.transaction("test.first") as session:
        token = await agents.invite(session, role="admin")
    visitor = await inbox.visitor()
    person = {"name": ANA.name, "email": ANA.email, "password": ANA.password}
    await visitor.post(f"/join/{token}", data=person)
    assert (await visitor.get("/admin")).status_code == 200


async def test_a_page_that_asks_by_itself_does_not_keep_a_sign_in_alive(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    async with inbox.database.transaction("test.an hour ago") as session:
        await session.execute(update(SignIn).values(seen_at=func.clock_timestamp() - timedelta(hours=1)))
    assert (await ben.get("/inbox", headers={"Knock-Live": "1"})).status_code == 200
    assert await idle(inbox) > timedelta(minutes=59)
    assert (await ben.get("/inbox")).status_code == 200
    assert await idle(inbox) < timedelta(minutes=1)


async def idle(inbox: Inbox) -> timedelta:
    async with inbox.database.reading() as session:
        return datetime.now(UTC) - (await session.scalars(select(SignIn.seen_at))).one()
