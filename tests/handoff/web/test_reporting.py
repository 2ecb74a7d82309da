"""What customers said of closed cases, in numbers: for who leads or reads numbers, and silence has its own column."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.channel import Author
from handoff import cases, threads, verdicts
from handoff.api.sheet import MARK
from handoff.database import Database
from handoff.models import Agent, Case
from tests.browser import Browse, axe
from tests.cast import ANA, BEN, LENA, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off
from tests.handoff.web.test_look import NARROW, WIDE


async def closed(database: Database, agent: Agent, name: str, solved: bool | None, *, weeks_ago: int = 0) -> None:
    """A case that an agent closed, about which the customer was asked, and what they said."""
    thread_id = await handed_off(database, Story(author=Author(name, None, name)))
    async with database.transaction("test") as session:
        case = await cases.close(session, thread_id, agent)
        await session.flush()
        await verdicts.ask(session, case.id)
        if solved is not None:
            await verdicts.say(session, await threads.locked(session, thread_id), solved)
        at = datetime.now(UTC) - timedelta(weeks=weeks_ago)
        await session.execute(update(Case).where(Case.id == case.id).values(closed_at=at))


async def busy(inbox: Inbox) -> None:
    ana, ben = await inbox.hire(ANA), await inbox.hire(BEN)
    for number, (agent, solved, weeks_ago) in enumerate(
        [(ana, True, 0), (ana, None, 0), (ben, False, 0), (ben, None, 0), (ben, True, 2)]
    ):
        await closed(inbox.database, agent, f"c{number}", solved, weeks_ago=weeks_ago)


def rows(page: str) -> list[list[str]]:
    """The tables of what customers said, row by row."""
    found = re.findall(r"<tr>(.*?)</tr>", page[page.index("<main") : page.index('"days-title"')], re.DOTALL)
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in found if "<td" in row]


async def test_solved_not_solved_and_silent_are_three_columns_by_agent_and_by_week(inbox: Inbox) -> None:
    await busy(inbox)
    lena = await inbox.visitor(LENA)
    found = rows((await lena.get("/reports")).text)
    assert found[:2] == [["Ana", "1", "0", "1"], ["Ben", "1", "1", "1"]]
    assert [row[1:] for row in found[2:]] == [
        ["Ana", "1", "0", "1"],
        ["Ben", "0", "1", "1"],
        ["Ben", "1", "0", "0"],
    ]
    assert len(rows((await lena.get("/reports?weeks=1")).text)) == 4, "the running week alone"
    assert (await lena.get("/reports?weeks=0")).status_code == 422


async def test_the_table_can_be_saved(inbox: Inbox) -> None:
    await busy(inbox)
    answer = await (await inbox.visitor(YUKI)).get("/reports/solved.csv")
    table = list(csv.DictReader(io.StringIO(answer.text.removeprefix(MARK))))
    assert [(row["agent"], row["solved"], row["not_solved"], row["silent"]) for row in table] == [
        (ANA.email, "1", "0", "1"),
        (BEN.email, "0", "1", "1"),
        (BEN.email, "1", "0", "0"),
    ]


async def test_numbers_of_colleagues_are_for_who_leads_or_reads_numbers(inbox: Inbox) -> None:
    for who, status in ((BEN, 403), (YUKI, 200), (LENA, 200), (ANA, 200)):
        visitor = await inbox.visitor(who)
        assert (await visitor.get("/reports")).status_code == status
        assert ('href="/reports"' in (await visitor.get("/inbox")).text) is (status == 200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_page_is_accessible_empty_and_full(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    context = await browse(color_scheme=scheme, viewport=size)
    await inbox.sit_down(context, YUKI, url)
    page = await context.new_page()
    await page.goto(f"{url}/reports")
    await axe(page)
    await busy(inbox)
    await page.reload()
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_the_days_are_told_with_what_was_on_time(inbox: Inbox) -> None:
    await busy(inbox)
    page = (await (await inbox.visitor(YUKI)).get("/reports")).text
    by_day = page[page.index('"days-title"') : page.index("</main>")]
    days = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', by_day, re.DOTALL)
    assert len(days) == 14
    day, numbers = days[0]
    assert day == datetime.now(UTC).strftime("%a %-d %b")
    assert re.findall(r">([^<]+)</td>", numbers)[:5] == ["5", "5", "5", "5", "–"]
