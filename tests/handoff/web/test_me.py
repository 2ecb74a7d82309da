"""One's own page: name, password, presence, and the browsers in which one is signed in."""

from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import func, select, update

from handoff.models import Agent
from handoff.passkeys import Passkey
from handoff.sign_ins import SignIn
from handoff.web.browsers import in_words
from tests.browser import Browse
from tests.cast import ANA, BEN, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.test_look import NARROW, WIDE, looked_at

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_s4_a_sign_in_that_is_ended_elsewhere_leaves_an_open_page_too(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, "/inbox")
    elsewhere = await inbox.visitor(BEN)
    assert "Sign out all others" in (await elsewhere.get("/me")).text
    await elsewhere.post("/me/sign-ins/others/end")
    await expect(page).to_have_url(f"{url}/login?next=/inbox")
    assert (await elsewhere.get("/inbox")).status_code == 200, "this one stays"


async def test_s4_the_cookie_after_a_sign_in_is_a_new_one_and_the_one_before_is_worth_nothing(inbox: Inbox) -> None:
    await inbox.hire(BEN)
    planted = await inbox.cookie(ANA)
    visitor = await inbox.visitor()
    visitor.cookies.update(planted)
    await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})
    (name, token), *_ = planted.items()
    assert visitor.cookies.jar is not None
    assert token not in [cookie.value for cookie in visitor.cookies.jar if cookie.name == name and cookie.domain]
    thief = await inbox.visitor()
    thief.cookies.update(planted)
    assert (await thief.get("/inbox")).status_code == 303


async def test_one_browser_is_signed_out_and_nobody_elses(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    ben, other = await inbox.visitor(BEN), await inbox.visitor(BEN)
    async with inbox.database.reading() as session:
        whose = {one.agent_id: one.id for one in await session.scalars(select(SignIn).order_by(SignIn.id))}
    await ben.post(f"/me/sign-ins/{whose[inbox.people['Ana'].id]}/end")
    assert (await ana.get("/inbox")).status_code == 200, "a colleague's is not one's own"
    await ben.post(f"/me/sign-ins/{whose[inbox.people['Ben'].id]}/end")
    assert (await other.get("/inbox")).status_code == 303
    assert (await ben.get("/inbox")).status_code == 200


async def test_a_new_password_ends_every_other_sign_in(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    other = await inbox.visitor(BEN)
    for old, new, says in (("wrong", "a new long password", "not your password"), (BEN.password, "short", "at least")):
        answer = await ben.post("/me/password", data={"old": old, "new": new})
        assert (answer.status_code, says in answer.text) == (422, True)
    assert (await other.get("/inbox")).status_code == 200
    assert (await ben.post("/me/password", data={"old": BEN.password, "new": "a new long password"})).status_code == 303
    assert (await other.get("/inbox")).status_code == 303
    assert (await ben.get("/inbox")).status_code == 200
    visitor = await inbox.visitor()
    assert (await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})).status_code == 422


async def test_the_page_says_which_browsers_there_are_and_roughly_where(inbox: Inbox) -> None:
    await inbox.hire(BEN)
    visitor = await inbox.visitor()
    form = {"email": BEN.email, "password": BEN.password}
    await visitor.post("/login", data=form, headers={"User-Agent": FIREFOX})
    text = (await visitor.get("/me")).text
    assert "Firefox on Windows" in text
    assert "127.0.0.0/24" in text
    assert "127.0.0.1" not in text
    async with inbox.database.transaction("test.long ago") as session:
        await session.execute(update(SignIn).values(seen_at=func.clock_timestamp() - timedelta(days=1)))
    assert "Firefox" not in (await (await inbox.visitor(BEN)).get("/me")).text, "one that is over is not listed"


async def test_a_name_and_a_presence_are_ones_own_to_change_whatever_the_role(inbox: Inbox) -> None:
    yuki = await inbox.visitor(YUKI)
    assert (await yuki.post("/me/name", data={"name": "  "})).status_code == 422
    await yuki.post("/me/name", data={"name": " Yuki  Sato "})
    await yuki.post("/me/presence", data={"away": "true"})
    text = (await yuki.get("/me")).text
    assert 'value="Yuki Sato"' in text
    assert "no new case is given to you" in text
    await yuki.post("/me/presence")
    async with inbox.database.reading() as session:
        assert (await session.scalars(select(Agent.away_at))).one() is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on a Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on an iPhone"),
        ("curl/8", "Some browser"),
        (None, "Some browser"),
    ],
)
def test_a_browser_is_said_in_words(said: str | None, words: str) -> None:
    assert in_words(said) == words


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_page_of_people_is_accessible(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    context = await browse(expected=("status of 4",), color_scheme=scheme, viewport=size)
    await inbox.sit_down(context, ANA, url)
    async with inbox.database.transaction("test.passkey") as session:
        ana_id = inbox.people["Ana"].id
        session.add(Passkey(agent_id=ana_id, name="Laptop", credential_id="x", public_key="y"))
    page = await context.new_page()
    for path in ("/me", "/me?done=password", "/admin", "/admin/audit", "/admin/audit?day=2001-01-01"):
        await page.goto(url + path)
        for part in await page.locator("main details").all():
            await part.locator("summary").click()
        await at_its_end(page)
    await page.goto(f"{url}/me")
    await page.locator("summary", has_text="Make new ones").click()
    await page.locator("#codes-password").fill(ANA.password)
    await page.get_by_role("button", name="Make recovery codes").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await at_its_end(page)
    await page.goto(f"{url}/me")
    await page.locator("summary", has_text="Set up an app").click()
    await page.locator("#app-password").fill(ANA.password)
    await page.get_by_role("button", name="Show me the secret").click()
    await expect(page.locator(".qr")).to_be_visible()
    await at_its_end(page)
    await context.clear_cookies()
    await page.goto(f"{url}/login")
    await page.get_by_label("Email address").fill(ANA.email)
    await page.get_by_label("Password").fill(ANA.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    await at_its_end(page)


async def at_its_end(page: Page) -> None:
    """Look with nothing cut in half above the rail, which stands below on a narrow screen."""
    await page.evaluate("() => document.getElementById('main')?.scrollTo(0, 1e6)")
    await looked_at(page)
