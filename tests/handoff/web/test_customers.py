"""The page of a person: all accounts, what each agreed to, all threads; merged and unmerged by whoever leads."""

from html import unescape

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select, update

from bot.channel import Author
from handoff import receipts, threads
from handoff.deeds import Deed
from handoff.models import Thread
from tests.browser import Browse, axe
from tests.cast import JOSE, LENA, NOOR, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off, in_public
from tests.handoff.web.test_look import NARROW, WIDE

ON_X = Story(author=Author("77", "Mara_K", "Mara K."), channel="x", summary="The lamp is dark")


async def two(inbox: Inbox) -> tuple[int, int]:
    """Mara's threads on Telegram and on X; both let us look them up. Customers and threads are counted alike here."""
    first, second = await handed_off(inbox.database), await handed_off(inbox.database, ON_X)
    for thread_id in (first, second):
        async with inbox.database.transaction("test") as session:
            await receipts.turn(session, await threads.locked(session, thread_id), "link", True, "Look me up", "7")
    return first, second


async def deeds_of(inbox: Inbox, name: str) -> list[tuple[str, str | None]]:
    async with inbox.database.reading() as session:
        mine = select(Deed).where(Deed.agent_id == inbox.people[name].id).order_by(Deed.id)
        return [(one.what, one.about) for one in await session.scalars(mine)]


async def test_a_lead_merges_a_suggested_match_and_takes_it_back(inbox: Inbox) -> None:
    await two(inbox)
    lena = await inbox.visitor(LENA)
    page = (await lena.get("/customers/1")).text
    assert "the same handle" in page
    assert "One account, merged with no other" in page
    merged = await lena.post("/customers/1/merge", data={"other": "2"})
    assert (merged.status_code, merged.headers["location"]) == (303, "/customers/1")
    for number in (1, 2):
        page = (await lena.get(f"/customers/{number}")).text
        assert "One person with 2 accounts" in page
        assert "Charged twice for one order" in page
        assert "The lamp is dark" in page
        assert "Lena merged customer 1 and customer 2" in page
    undone = await lena.post("/customers/2/unmerge", data={"back": "1"})
    assert (undone.status_code, undone.headers["location"]) == (303, "/customers/1")
    page = (await lena.get("/customers/1")).text
    assert "One account, merged with no other" in page
    assert "The lamp is dark" not in page
    written = await deeds_of(inbox, "Lena")
    assert ("merge", "customer 1, customer 2") in written
    assert ("unmerge", "customer 2") in written


async def test_reading_the_page_leaves_a_trace_once_an_hour(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await two(inbox)
    for _ in range(3):
        await ben.get("/customers/1")
    await ben.get("/customers/2")
    assert await deeds_of(inbox, "Ben") == [("read", "customer 1"), ("read", "customer 2")]


async def test_an_agent_sees_who_may_be_the_same_and_merges_nobody(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await two(inbox)
    page = (await ben.get("/customers/1")).text
    assert "the same handle" in page
    assert "A lead can merge them" in page
    assert "/merge" not in page
    assert (await ben.post("/customers/1/merge", data={"other": "2"})).status_code == 403
    assert (await (await inbox.visitor(YUKI)).get("/customers/1")).status_code == 403


async def test_somebody_is_found_by_name_to_be_merged_with(inbox: Inbox) -> None:
    await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, channel="square"))
    await in_public(inbox.database, Story(author=JOSE))
    lena = await inbox.visitor(LENA)
    found = (await lena.get("/customers/1", params={"q": "noor"})).text
    assert 'name="other" value="2"' in found
    for nobody in ("jose", "mara", "'", "\\"):
        assert "Nobody else is called that" in (await lena.get("/customers/1", params={"q": nobody})).text


async def test_a_search_in_the_inbox_leads_to_customers_of_that_name(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await two(inbox)
    await in_public(inbox.database, Story(author=JOSE))
    assert 'href="/customers/2"' in (await ben.get("/inbox?view=all&q=mara")).text
    for path in ("/inbox?view=all", "/inbox?view=all&q=jose", "/inbox?view=all&q=billed", "/inbox?view=all&q=%27"):
        assert "/customers/" not in (await ben.get(path)).text
    assert "/customers/" not in (await (await inbox.visitor(YUKI)).get("/inbox?view=all&q=mara")).text


@pytest.mark.parametrize(("other", "status"), [("1", 409), ("0", 404), ("3", 404), ("999", 404), ("-1", 422)])
async def test_nobody_is_merged_with_themselves_or_with_a_stranger(inbox: Inbox, other: str, status: int) -> None:
    await two(inbox)
    await in_public(inbox.database, Story(author=JOSE))
    lena = await inbox.visitor(LENA)
    assert (await lena.post("/customers/1/merge", data={"other": other})).status_code == status
    assert "One account" in (await lena.get("/customers/1")).text


async def test_of_strangers_and_of_the_deleted_there_is_no_page(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await in_public(inbox.database, Story(author=JOSE))
    gone = await handed_off(inbox.database)
    assert (await ben.get("/customers/2")).status_code == 200
    async with inbox.database.transaction("test") as session:
        await session.execute(update(Thread).where(Thread.id == gone).values(ended_why=threads.ERASED))
    for number in (1, 2, 999):
        answer = await ben.get(f"/customers/{number}")
        assert answer.status_code == 404
        assert "There is no such customer" in answer.text
    assert (await ben.get("/customers/none")).status_code == 404


async def test_s2_names_stay_text_on_the_page(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await handed_off(inbox.database, Story(author=Author("6", "<b>x", "<script>alert(1)</script>"), summary="<i>"))
    page = (await ben.get("/customers/1?q=<script>")).text
    assert "<script>alert" not in page
    assert "<script>alert(1)</script>" in unescape(page)
    assert "<i>" not in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_page_is_accessible_merged_and_not(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    await two(inbox)
    context = await browse(color_scheme=scheme, viewport=size)
    await inbox.sit_down(context, LENA, url)
    page = await context.new_page()
    await page.goto(f"{url}/customers/1?q=mara")
    await axe(page)
    await page.get_by_role("button", name="Merge").first.click()
    await expect(page.get_by_text("One person with 2 accounts")).to_be_visible()
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Not the same person").last.click()
    await expect(page.get_by_text("One account, merged with no other")).to_be_visible()
