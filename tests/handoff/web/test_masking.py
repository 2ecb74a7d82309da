"""How somebody is reached is masked until an agent asks for it, and asking is written down."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from handoff.deeds import Deed
from nlu.contacts import masked
from tests.browser import Browse, axe
from tests.cast import BEN, MARA, NOOR, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off, says

EMAIL, PHONE, CARD = "mara.k@mail.example", "+44 20 7946 0958", "4111 1111 1111 1111"
OPEN = Story(
    lines=(f"Write to {EMAIL} or call {PHONE}.", f"I paid with {CARD} for order NW-20418"),
    summary=f"Charged twice; said: call {PHONE}.",
    found={"order_number": "2125550147", "email": EMAIL, "phone": "02079460958", "error_code": "E-104"},
)
SECRETS = (EMAIL, PHONE, "02079460958", CARD)


def shown(page: str) -> list[str]:
    return [secret for secret in SECRETS if secret in page]


async def reveals(inbox: Inbox) -> list[Deed]:
    async with inbox.database.reading() as session:
        return list(await session.scalars(select(Deed).where(Deed.what == "read masked contacts")))


async def unmask(client: httpx.AsyncClient, thread_id: int, **form: str) -> str:
    """Ask to see what is masked; the address that it is seen at."""
    answer = await client.post(f"/inbox/{thread_id}/unmask?view=all", data=form)
    assert answer.status_code == 303
    return answer.headers["location"]


async def test_nothing_shows_how_a_customer_is_reached_but_all_else(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert shown(page) == []
    assert "m•••@mail.example" in page
    assert "•••• 58" in page
    assert "•••• 1111" in page
    assert "NW-20418" in page
    assert "2125550147" in page


async def test_a_list_and_what_was_found_are_masked_too(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await handed_off(inbox.database, OPEN)
    for address in ("/inbox", "/inbox?view=all&q=write", f"/inbox?view=all&q={EMAIL}", "/inbox?view=all&q=7946"):
        page = (await ben.get(address)).text
        assert "Mara" in page
        found = page.replace(f'value="{EMAIL}"', "").replace(EMAIL.replace("@", "%40"), "")
        assert shown(found.replace(f"“{EMAIL}”", "")) == []


async def test_earlier_threads_similar_cases_and_the_customers_page_are_masked(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    await handed_off(inbox.database, OPEN)
    second = await handed_off(inbox.database, replace(OPEN, author=NOOR))
    assert shown((await ben.get(f"/inbox/{second}")).text) == []
    assert shown((await ben.get("/customers/1")).text) == []


async def test_who_asks_sees_it_and_it_is_written_down(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    seen_at = await unmask(ben, thread_id)
    page = (await ben.get(seen_at)).text
    assert set(shown(page)) == set(SECRETS)
    (deed,) = await reveals(inbox)
    assert (deed.agent_id, deed.thread_id) == (inbox.people["Ben"].id, thread_id)
    assert shown((await ben.get(f"/inbox/{thread_id}")).text) == []


async def test_what_was_asked_for_in_one_thread_shows_nothing_to_others_elsewhere_or_later(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    other = await handed_off(inbox.database, replace(OPEN, author=NOOR))
    seen_at = await unmask(ben, thread_id)
    assert shown((await ana.get(seen_at)).text) == []
    assert shown((await ben.get(seen_at.replace(f"/{thread_id}?", f"/{other}?"))).text) == []
    assert shown((await ben.get(seen_at + "9")).text) == []
    async with inbox.database.transaction("test.long ago") as session:
        old = Deed(what="read masked contacts", agent_id=inbox.people["Ben"].id, thread_id=thread_id)
        old.at = datetime.now(UTC) - timedelta(minutes=16)
        session.add(old)
        await session.flush()
        old_id = old.id
    assert shown((await ben.get(f"/inbox/{thread_id}?unmasked={old_id}")).text) == []


async def test_who_only_reads_may_not_ask(inbox: Inbox) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    await inbox.hire(YUKI)
    yuki = await inbox.visitor(YUKI)
    page = (await yuki.get(f"/inbox/{thread_id}")).text
    assert "m•••@mail.example" in page
    assert "/unmask" not in page
    assert (await yuki.post(f"/inbox/{thread_id}/unmask")).status_code == 403
    assert await reveals(inbox) == []


async def test_a_thread_that_was_not_handed_off_has_nothing_to_ask_for(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    assert (await ben.post("/inbox/4711/unmask")).status_code == 404
    thread_id = await handed_off(inbox.database, OPEN)
    assert (await ben.post(f"/inbox/{thread_id}/unmask", data={"near": "x' onclick"})).status_code == 422
    assert await reveals(inbox) == []


async def test_markup_beside_an_address_stays_text(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database, Story(lines=(f"<b>{EMAIL}</b> <script>alert(1)</script>",)))
    for page in ((await ben.get(f"/inbox/{thread_id}")).text, (await ben.get(await unmask(ben, thread_id))).text):
        assert "<b>" not in re.sub(r"<b dir|<b>\d", "", page)
        assert "&lt;script&gt;" in page


async def test_an_agent_clicks_on_it_and_it_stays_while_news_come_in(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}")
    await axe(page)
    log = page.locator("#log")
    await expect(log.get_by_text(EMAIL)).to_have_count(0)
    await log.get_by_role("button", name="show the e-mail address").click()
    await expect(log.get_by_text(EMAIL)).to_be_visible()
    await expect(page.locator("#details").get_by_text(EMAIL)).to_be_visible()
    await axe(page)
    await says(inbox.database, thread_id, "Are you there?")
    await expect(log.get_by_text("Are you there?")).to_be_visible()
    await expect(log.get_by_text(EMAIL)).to_be_visible()
    await page.goto(f"{url}/inbox/{thread_id}")
    await expect(log.get_by_text(EMAIL)).to_have_count(0)
    assert len(await reveals(inbox)) == 1


async def test_it_works_without_scripts(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id = await handed_off(inbox.database, OPEN)
    context = await browse(java_script_enabled=False)
    await inbox.sit_down(context, BEN, url)
    page = await context.new_page()
    await page.goto(f"{url}/inbox/{thread_id}")
    await page.locator("#details").get_by_role("button", name="show the phone number").first.click()
    await expect(page.locator("#log").get_by_text(EMAIL)).to_be_visible()
    await expect(page.locator("#log").get_by_text(str(MARA.name)).first).to_be_visible()


@pytest.mark.parametrize(
    "text",
    [
        "iban de89 3704 0044 0532 0130 00",
        "De89370400440532013000",
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
        "4111.1111.1111.1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "06 12 34 56 78 06 98 76 54 32",
        "07911 123456\n07911 654321",
        "on 27.11.2026 0176 12345678",
        "AT61 1904 3002 3457 3201 und danke",
        "my IBAN is AT611904300234573201 and name is Bob",
        "BE68 5390 0754 7034 svp",
        "0176 - 12345678",
        "Tel. 0176 - 123 456 78",
        "210 1234567 - 6912345678",
        "Call me about my order, tel 07911 123456",
    ],
)
def test_accounts_cards_and_numbers_side_by_side_are_masked_however_they_are_written(text: str) -> None:
    said = masked(text)
    assert "•••• " in said
    assert not re.search(r"\d{3}[^\n]?\d{3}", said.replace("27.11.2026", "")), said


@pytest.mark.parametrize("text", ["ab12 1234 5678 İLE 1234567", "DE89 \u212a704 0044 0532 0130 ſ", "ﬀ12 ①②③④ ٣٤٥٦"])
def test_letters_that_only_look_like_ours_break_nothing(text: str) -> None:
    assert masked(text)
