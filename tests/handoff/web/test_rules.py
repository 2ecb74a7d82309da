"""Who is offered help: an admin tries posts on the page, and nobody is offered anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from bot.assemble import assemble
from bot.settings import BotSettings
from handoff.database import Database
from handoff.models import Offer, Thread, Update
from handoff.web.rules import LONGEST, MOST
from tests.browser import Browse, serving
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.test_look import NARROW, WIDE, looked_at
from tests.rasa_server import CACHE

LATE = "@northwind my parcel is three weeks late and nobody answers me"
LOVELY = "lovely morning with a northwind lamp"
STRANGER = "where is my order?? three weeks late"
GRIEF = "@northwind my father passed away, how do I close his account"


@asynccontextmanager
async def product(inbox: Inbox, database_url: str) -> AsyncIterator[str]:
    """The inbox as the product puts it together, with its detector."""
    settings = BotSettings(home=CACHE, secret="a secret for tests", _env_file=None)
    knock = assemble(settings, database_url)
    inbox.app = knock.inbox
    async with serving(inbox.app) as url:
        yield url
    await knock.close()


async def count(database: Database) -> list[int]:
    """How many posts, threads and offers there are."""
    async with database.reading() as session:
        return [await session.scalar(select(func.count()).select_from(one)) or 0 for one in (Update, Thread, Offer)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_a9_rules_are_tried_on_posts_and_nothing_is_posted(
    inbox: Inbox, database_url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    async with product(inbox, database_url) as url:
        context = await browse(color_scheme=scheme, viewport=size)
        await inbox.sit_down(context, ANA, url)
        page = await context.new_page()
        await page.goto(f"{url}/admin")
        await page.get_by_role("link", name="Offers").click()
        await looked_at(page)
        await page.get_by_label("Posts, each on a line").fill("\n".join(["", LATE, LOVELY, f"  {STRANGER}", GRIEF]))
        await page.get_by_role("button", name="Try them").click()
        found = page.get_by_role("region", name="What would become of them")
        headings = await found.get_by_role("heading", level=3).all_inner_texts()
        assert [" ".join(one.split()) for one in headings] == [
            "Would be offered help: 1",
            "Left alone, as posts that did not sound like a call for help: 1",
            "Left alone, as posts that did not name the brand: 1",
            "Left alone, as posts that are about bereavement, where a bot keeps out: 1",
        ]
        lists = found.get_by_role("list")
        for number, text in enumerate((LATE, LOVELY, STRANGER, GRIEF)):
            await expect(lists.nth(number)).to_contain_text(text)
        await expect(lists.first.locator("b").first).to_be_visible()
        await looked_at(page)
    assert await count(inbox.database) == [0, 0, 0]


async def test_too_much_is_said_and_kept(inbox: Inbox, database_url: str) -> None:
    async with product(inbox, database_url):
        ana = await inbox.visitor(ANA)
        for posts in ("a post\n" * (MOST + 1), "x" * (LONGEST + 1)):
            page = await ana.post("/admin/rules", data={"posts": posts})
            assert page.status_code == 422
            assert f"Try at most {MOST} posts" in page.text
            assert posts.strip() in page.text
        many = "Η παραγγελία μου northwind δεν ήρθε ποτέ! " * 20
        as_a_browser = {"posts": (None, "\n".join([many] * MOST))}
        assert "What would become" in (await ana.post("/admin/rules", files=as_a_browser)).text
        one = await ana.post("/admin/rules", data={"posts": "@northwind my parcel\u2028is late, help"})
        assert "Would be offered help: 1" in " ".join(one.text.split())
        assert "Left alone" not in one.text, "only what a browser calls a line is one"
        assert "What would become" not in (await ana.post("/admin/rules", data={"posts": " \n\n"})).text
        assert "<script>" not in (await ana.post("/admin/rules", data={"posts": "northwind <script>1</script>"})).text


async def test_an_agent_does_not_see_them(inbox: Inbox) -> None:
    ben = await inbox.visitor(BEN)
    assert (await ben.get("/admin/rules")).status_code == 403
    assert (await ben.post("/admin/rules", data={"posts": LATE})).status_code == 403
