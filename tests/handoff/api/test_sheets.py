"""Lists and reports as CSV: whole, row by row, and no cell is a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from bot.channel import Author
from handoff import receipts, threads
from handoff.api import sheet
from handoff.models import Case, Thread
from tests.cast import MARA, TROLL
from tests.handoff.api.conftest import Api, Post
from tests.handoff.web.story import Story, handed_off, in_public


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix(sheet.MARK))))


@pytest.mark.parametrize(
    "said", ["=1+1", "+49 30 1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", " =1", '=HYPERLINK("x")']
)
def test_no_cell_begins_a_formula(said: str) -> None:
    read = next(csv.reader(io.StringIO(sheet.line([said, 7, -7.5]), newline="")))
    assert read == [f"'{said}", "7", "-7.5"]


@pytest.mark.parametrize("said", ['He said "no", twice', "a;b,c", "two\nlines", "naïve 🌸", ""])
def test_what_is_no_formula_stays_as_it_is(said: str) -> None:
    assert next(csv.reader(io.StringIO(sheet.line([said]), newline=""))) == [said]


async def test_cases_are_saved_with_what_customers_wrote_made_harmless(api: Api, shop: httpx.AsyncClient) -> None:
    await handed_off(api.database, Story(author=TROLL, summary='=cmd|" /C calc"!A0', found={"order": "=1"}))
    await in_public(api.database, Story(author=MARA))
    rows = table(await shop.get("/cases.csv"))
    assert len(rows) == 1
    assert rows[0]["summary"] == '\'=cmd|" /C calc"!A0'
    assert rows[0]["found"] == "order: =1"
    assert rows[0]["opened_at"].endswith("+00:00")


async def test_a_long_list_is_whole(api: Api, shop: httpx.AsyncClient) -> None:
    ids = [await handed_off(api.database, Story(author=Author(str(n), None, f"-{n}"))) for n in range(7)]
    assert [int(row["id"]) for row in table(await shop.get("/threads.csv"))] == ids[::-1]
    names = [row["name"] for row in table(await shop.get("/customers.csv"))]
    assert names == [f"'-{n}" for n in reversed(range(7))]
    assert len(table(await shop.get("/threads.csv", params={"state": "bot"}))) == 0


async def test_days_are_counted(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    for who, minutes in (("1", 10), ("2", 20), ("3", 60)):
        thread_id = await handed_off(api.database, Story(author=Author(who, None, who)))
        async with api.database.transaction("test.replied") as session:
            replied = Case.opened_at + timedelta(minutes=minutes)
            await session.execute(update(Case).where(Case.thread_id == thread_id).values(first_reply_at=replied))
    await in_public(api.database, Story(author=MARA, channel="x"))
    await post("/cases/1/close")
    async with api.database.transaction("test.solved") as session:
        await session.execute(update(Thread).where(Thread.id == 1).values(solved=True))
    today = datetime.now(UTC).date().isoformat()
    day = (await shop.get("/reports/days", params={"first": today, "last": today})).json()["items"][0]
    expected = {"mentions": 4, "offers": 4, "opted_in": 3, "cases": 3, "solved": 1, "opened": 0}
    assert {name: day[name] for name in expected} == expected
    assert (day["first_reply_median"], day["first_reply_p90"]) == (1200.0, 3120.0)
    on_x = (await shop.get("/reports/days", params={"channel": "x"})).json()["items"]
    assert (len(on_x), on_x[-1]["mentions"], on_x[-1]["cases"]) == (30, 1, 0)
    saved = table(await shop.get("/reports/days.csv", params={"first": today, "last": today}))
    assert (saved[0]["mentions"], saved[0]["first_reply_median"]) == ("4", "1200.0")


@pytest.mark.parametrize(
    "query", ["first=2026-02-02&last=2026-01-01", "first=2020-01-01&last=2026-01-01", "last=never"]
)
async def test_days_that_make_no_sense_are_refused(shop: httpx.AsyncClient, query: str) -> None:
    assert (await shop.get(f"/reports/days?{query}")).status_code == 422


async def test_every_turn_of_a_consent_is_told(api: Api, shop: httpx.AsyncClient) -> None:
    thread_id = await handed_off(api.database)
    async with api.database.transaction("test.consents") as session:
        thread = await threads.locked(session, thread_id)
        for given in (True, False):
            await receipts.turn(session, thread, "keep", given, "Keep my chat", "2")
    told = (await shop.get("/customers/1")).json()["consents"]
    assert [(one["purpose"], one["given"], one["wording_version"]) for one in told] == [
        ("keep", True, "2"),
        ("keep", False, "2"),
    ]
