"""Clocks for other systems: with each case, in its table, and in the reports."""

from datetime import UTC, datetime

import httpx

from bot.channel import Author
from tests.handoff.api.conftest import Api, Post
from tests.handoff.api.test_sheets import table
from tests.handoff.time_of_targets import ask_of_ourselves, passes
from tests.handoff.web.story import Story, handed_off


async def test_a_case_has_its_clocks(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    await ask_of_ourselves(api.database, 60, next_reply=None)
    thread_id = await handed_off(api.database)
    case = (await shop.get("/cases/1")).json()
    assert [(clock["what"], clock["outcome"]) for clock in case["clocks"]] == [
        ("first_reply", "runs"),
        ("close", "runs"),
    ]
    assert case["due_at"] == case["clocks"][0]["due_at"]
    await passes(api.database, thread_id, 75)
    await post("/cases/1/close")
    for case in ((await shop.get("/cases/1")).json(), (await shop.get("/threads/1")).json()["cases"][0]):
        assert [clock["outcome"] for clock in case["clocks"]] == ["missed", "missed"]
        assert case["clocks"][0]["late"] // 60 == 15
        assert case["due_at"] is None
    assert table(await shop.get("/cases.csv"))[0]["clocks"].startswith("first_reply missed by 9")


async def test_reports_count_what_was_met_and_missed_and_by_how_much(
    api: Api, shop: httpx.AsyncClient, post: Post
) -> None:
    await ask_of_ourselves(api.database, None, close=60)
    for number, minutes in enumerate((10, 70, 80, 120), 1):
        thread_id = await handed_off(api.database, Story(author=Author(str(number), None, str(number))))
        await passes(api.database, thread_id, minutes)
        await post(f"/cases/{number}/close")
    today = datetime.now(UTC).date().isoformat()
    day = (await shop.get("/reports/days", params={"first": today, "last": today})).json()["items"][0]
    assert (day["targets_met"], day["targets_missed"]) == (1, 3)
    assert day["late_median"] // 60 == 20
    elsewhere = (await shop.get("/reports/days", params={"first": today, "channel": "x"})).json()["items"][0]
    assert (elsewhere["targets_met"], elsewhere["targets_missed"], elsewhere["late_median"]) == (0, 0, None)
