"""The list that the stream tells: whole in order, in words only what is new, and nobody asks for it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import Page, Request, Route, expect
from sqlalchemy import select

from handoff import agents, cases, tags, teams
from handoff.models import Case
from tests.browser import Browse
from tests.cast import ANA, BEN, JOSE, MARA, NOOR
from tests.handoff.time_of_targets import ask_of_ourselves
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off, says


@asynccontextmanager
async def told(inbox: Inbox, url: str, *places: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """What Ben's stream tells of the lists at some places."""
    ben = httpx.AsyncClient(base_url=url, cookies=await inbox.cookie(BEN), trust_env=False, timeout=60)
    async with asyncio.timeout(60), ben, ben.stream("GET", "/live", params={"at": places}) as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        async for line in lines:
            if line == "event: resync":
                break
        yield _lists(lines)


async def _lists(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    async for line in lines:
        if line == "event: list":
            yield json.loads((await anext(lines)).removeprefix("data: "))


async def claims(inbox: Inbox, thread_id: int) -> None:
    """Ana takes a case."""
    await inbox.cookie(ANA)
    async with inbox.database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, inbox.people["Ana"])


def rows(page: str) -> dict[str, bool]:
    """The rows in their order, and whether each came in words."""
    order = re.search(r'data-order="([^"]*)"', page)
    assert order
    return {name: f'<li id="{name}"' in page for name in re.findall(r"row-\d+", order[1])}


async def test_in_words_comes_only_what_is_new(inbox: Inbox, url: str) -> None:
    await ask_of_ourselves(inbox.database, None)
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    async with told(inbox, url, "?sort=oldest", "?sort=oldest") as lists:
        await claims(inbox, noor)
        first = await anext(lists)
        assert first["at"] == "?sort=oldest"
        assert rows(first["page"]) == {f"row-{mara}": False, f"row-{noor}": True}
        jose = await handed_off(inbox.database, Story(author=JOSE))
        second = await anext(lists)
        assert rows(second["page"]) == {f"row-{mara}": False, f"row-{noor}": False, f"row-{jose}": True}
        assert second["moment"] > first["moment"]


async def test_each_place_is_told_for_itself_and_a_place_that_stays_as_it_is_is_not(inbox: Inbox, url: str) -> None:
    mara = await handed_off(inbox.database)
    async with told(inbox, url, "?view=open", "?view=closed") as lists:
        await claims(inbox, mara)
        assert (await anext(lists))["at"] == "?view=open"
        async with inbox.database.transaction("test.close") as session:
            await cases.close(session, mara, inbox.people["Ana"])
        assert {(await anext(lists))["at"], (await anext(lists))["at"]} == {"?view=open", "?view=closed"}


async def test_a_list_of_ones_own_cases_is_made_anew_only_when_one_of_them_changes(inbox: Inbox, url: str) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    inbox.app.state.site.commons._clock = lambda: 0.0
    async with told(inbox, url, "?view=mine") as lists:
        await claims(inbox, noor)
        others = await anext(lists)
        assert rows(others["page"]) == {}, "it is Ana's"
        assert '"waiting": 1' in others["page"], "but everybody's numbers changed"
        (board,) = inbox.app.state.site.commons._boards.values()
        assert (await board(0)).moment < others["moment"], "the list was not made anew for that"
        async with inbox.database.transaction("test.claim") as session:
            await cases.claim(session, mara, inbox.people["Ben"])
        assert rows((await anext(lists))["page"]) == {f"row-{mara}": True}
        async with inbox.database.transaction("test.release") as session:
            await cases.release(session, mara, inbox.people["Ben"])
        assert rows((await anext(lists))["page"]) == {}


async def test_one_knows_that_there_are_no_more_of_ones_own_cases(inbox: Inbox, url: str) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    await inbox.cookie(BEN)
    async with inbox.database.transaction("test.claim") as session:
        for thread_id in (mara, noor):
            await cases.claim(session, thread_id, inbox.people["Ben"])
    async with told(inbox, url, "?view=mine&show=1&sort=oldest") as lists:
        async with inbox.database.transaction("test.release") as session:
            await cases.release(session, noor, inbox.people["Ben"])
        assert "Show more" not in (await anext(lists))["page"]


async def test_how_a_team_is_called_reaches_every_list(inbox: Inbox, url: str) -> None:
    mara = await handed_off(inbox.database)
    async with inbox.database.transaction("test.team") as session:
        team = await teams.make(session, "Kettles")
        await teams.give(session, (await session.scalars(select(Case).where(Case.thread_id == mara))).one(), team)
    async with told(inbox, url, "") as lists:
        async with inbox.database.transaction("test.rename") as session:
            await teams.rename(session, team.id, "Lamps")
        assert "Lamps" in (await anext(lists))["page"]


async def test_a_place_that_is_none_is_refused(inbox: Inbox, url: str) -> None:
    async with httpx.AsyncClient(base_url=url, cookies=await inbox.cookie(BEN), timeout=60, trust_env=False) as ben:
        for at in ("?view=nowhere", "?show=0", "?q=" + "x" * 201, "?team=x", "x" * 5001):
            assert (await ben.get("/live", params={"at": at})).status_code == 422, at
        many = [f"?team={number}" for number in range(41)]
        assert (await ben.get("/live", params={"at": many})).status_code == 422


async def test_whoever_is_signed_out_is_told_no_list_either(inbox: Inbox, url: str) -> None:
    mara = await handed_off(inbox.database)
    async with told(inbox, url, "") as lists:
        async with inbox.database.transaction("test.sign out") as session:
            await agents.sign_out_everywhere(session, inbox.people["Ben"].id)
        await asyncio.sleep(1.1)
        await claims(inbox, mara)
        assert [told async for told in lists] == []


def asking(page: Page) -> list[str]:
    """The addresses that a page asks for from now on by itself."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "knock-live" in request.headers and request.method == "GET":
            asked.append(request.url)

    page.on("request", note)
    return asked


async def settled(inbox: Inbox, page: Page) -> None:
    """One stream is there, and what the page asked when it came is answered."""
    await page.wait_for_timeout(700)
    async with asyncio.timeout(60):
        while inbox.live.listeners != 1:
            await asyncio.sleep(0.05)


async def test_a_page_shows_what_it_is_told_and_asks_nothing(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, f"/inbox/{mara}?sort=oldest")
    await settled(inbox, page)
    asked = asking(page)
    await claims(inbox, noor)
    await expect(page.locator(f"#row-{noor} .who")).to_contain_text("Ana")
    await expect(page.locator("#rail-waiting, [data-count=waiting]").first).to_have_text("1")
    jose = await handed_off(inbox.database, Story(author=JOSE))
    await expect(page.locator("#rows > li[id]")).to_have_count(3)
    await expect(page.locator(f"#row-{jose}")).to_have_class("unread")
    await expect(page.locator("#rows [aria-current]")).to_have_attribute("href", re.compile(f"/inbox/{mara}"))
    assert asked == []


async def test_who_is_away_and_how_tags_are_called_reaches_every_list(
    inbox: Inbox, url: str, browse: Browse, ana: httpx.AsyncClient
) -> None:
    mara = await handed_off(inbox.database)
    await claims(inbox, mara)
    await ana.post(f"/inbox/{mara}/tag", data={"tag": "damaged"})
    page = await desk(inbox, url, browse, "/inbox?view=open")
    await settled(inbox, page)
    await expect(page.locator(f"#row-{mara}")).to_contain_text("damaged")
    asked = asking(page)
    await ana.post("/me/presence", data={"away": "true"})
    await expect(page.locator(f"#row-{mara} .who")).to_contain_text("Ana, away")
    await ana.post("/me/name", data={"name": "Anastasia"})
    await expect(page.locator(f"#row-{mara} .who")).to_contain_text("Anastasia")
    async with inbox.database.transaction("test.rename") as session:
        await tags.rename(session, "damaged", "broken")
    await expect(page.locator(f"#row-{mara} .chip.set")).to_have_text("broken")
    assert asked == []


async def test_the_thread_before_ones_eyes_is_not_called_unread(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, f"/inbox/{mara}?sort=oldest")
    await settled(inbox, page)
    await page.evaluate(
        """(id) => {
        window.unread = 0;
        new MutationObserver(() => { window.unread += document.querySelector(`#row-${id}.unread`) ? 1 : 0; })
            .observe(document.getElementById("rows"), {subtree: true, childList: true, attributes: true});
    }""",
        mara,
    )
    for line in ("One", "Two", "Three"):
        await says(inbox.database, mara, line)
        await expect(page.locator("#team")).to_contain_text(line)
    await claims(inbox, noor)
    await expect(page.locator(f"#row-{noor} .who")).to_contain_text("Ana")
    assert await page.evaluate("window.unread") == 0
    await expect(page.locator(f"#row-{mara} [aria-current]")).to_have_count(1)


async def test_what_is_read_in_one_tab_is_unread_in_no_other(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, "/inbox")
    await expect(page).to_have_title(re.compile(r"^\(2\) "))
    other = await page.context.new_page()
    await other.goto(f"{url}/inbox/{mara}")
    await expect(page.locator(f"#row-{mara}.unread")).to_have_count(0)
    await expect(page.locator(f"#row-{noor}.unread")).to_have_count(1)
    await expect(page).to_have_title(re.compile(r"^\(1\) "))


async def test_two_lists_that_come_during_a_slow_answer_lose_no_change(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]
    page = await desk(inbox, url, browse, f"/inbox/{mara}?sort=oldest")
    await settled(inbox, page)
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await may_answer.wait()
        await route.fulfill(response=answer)

    await page.route("**/look?*", slow, times=1)
    await says(inbox.database, mara, "One")
    await asyncio.wait_for(asked.wait(), 60)
    await claims(inbox, mara)
    await page.wait_for_timeout(500)
    await claims(inbox, noor)
    await page.wait_for_timeout(500)
    may_answer.set()
    await expect(page.locator(f"#row-{mara} .who")).to_contain_text("Ana")


async def test_the_stream_follows_to_another_view(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox")
    await settled(inbox, page)
    await page.get_by_role("navigation", name="Cases").get_by_role("link", name="Waiting").click()
    await expect(page).to_have_url(re.compile("view=waiting"))
    await settled(inbox, page)
    asked = asking(page)
    noor = await handed_off(inbox.database, Story(author=NOOR))
    await expect(page.locator(f"#row-{noor}")).to_be_visible()
    await claims(inbox, noor)
    await expect(page.locator(f"#row-{noor}")).to_have_count(0)
    assert asked == []
    await page.go_back()
    await expect(page.locator(f"#row-{noor} .who")).to_contain_text("Ana")
    await settled(inbox, page)


async def test_a_page_that_has_another_version_of_a_row_asks(inbox: Inbox, url: str, browse: Browse) -> None:
    mara, noor = [await handed_off(inbox.database, Story(author=who)) for who in (MARA, NOOR)]

    async def older(route: Route) -> None:
        answer = await route.fetch()
        text = re.sub(
            rf'(<li id="row-{mara}".*?data-version=")\w+(".*?class="name" dir="auto">)\w+',
            r"\g<1>0\g<2>Older",
            await answer.text(),
            count=1,
            flags=re.DOTALL,
        )
        await route.fulfill(response=answer, body=text)

    page = await desk(inbox, url, browse, "/inbox?sort=newest")
    await page.route("**/inbox?sort=oldest", older, times=1)
    await page.goto(f"{url}/inbox?sort=oldest")
    await expect(page.locator(f"#row-{mara} .name")).to_have_text("Older")
    await settled(inbox, page)
    await claims(inbox, noor)
    await expect(page.locator(f"#row-{mara} .name")).to_have_text("Mara")
    await expect(page.locator(f"#row-{noor} .who")).to_contain_text("Ana")
