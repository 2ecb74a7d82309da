"""What other systems are told of persons, and of what customers said of closed cases."""

import csv
import io

import httpx

from bot.channel import Author
from handoff import persons
from handoff.api import sheet
from tests.cast import BEN, NOOR
from tests.handoff.api.conftest import Api, Post
from tests.handoff.web.story import Story, handed_off
from tests.handoff.web.test_reporting import closed

ON_X = Story(author=Author("77", "mk", "Mara K."), channel="x")


async def test_customers_say_which_person_they_are(api: Api, shop: httpx.AsyncClient) -> None:
    for story in (Story(), ON_X, Story(author=NOOR)):
        await handed_off(api.database, story)
    assert [one["person_id"] for one in (await shop.get("/customers")).json()["items"]] == [3, 2, 1]
    async with api.database.transaction("test") as session:
        await persons.merge(session, 2, 1, api.people["Ben"])
    assert [one["person_id"] for one in (await shop.get("/customers")).json()["items"]] == [3, 1, 1]
    other = (await shop.get("/customers/2")).json()
    assert (other["id"], other["person_id"], other["same_person"]) == (2, 1, [1, 2])
    assert (other["channel"], other["external_id"], other["thread_ids"]) == ("x", "77", [2]), "each keeps their own"
    table = csv.DictReader(io.StringIO((await shop.get("/customers.csv")).text.removeprefix(sheet.MARK)))
    assert [row["person_id"] for row in table] == ["3", "1", "1"]


async def test_what_customers_said_is_counted_by_week_and_agent(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    for name, solved in (("a", True), ("b", False), ("c", None), ("d", None)):
        await closed(api.database, api.people["Ben"], name, solved)
    (week,) = (await shop.get("/reports/solved")).json()["items"]
    assert (week["agent"], week["solved"], week["not_solved"], week["silent"]) == (BEN.email, 1, 1, 2)
    assert (await shop.get("/reports/solved", params={"channel": "x"})).json()["items"] == []
    assert (await shop.get("/reports/solved", params={"last": "2020-01-31"})).json()["items"] == []
    saved = await shop.get("/reports/solved.csv")
    (row,) = csv.DictReader(io.StringIO(saved.text.removeprefix(sheet.MARK)))
    assert (row["agent"], row["silent"]) == (BEN.email, "2")
