"""Renaming, merging, splitting and retiring an intent: what it touches is shown first, and it can be undone."""

import re

import httpx

from handoff import intents, skills
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off
from tests.handoff.web.test_intents import texts


async def names(inbox: Inbox) -> list[str]:
    async with inbox.database.reading() as session:
        return await intents.names(session)


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


async def test_a_rename_says_what_it_touches_and_keeps_every_example(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await handed_off(inbox.database, Story(intent="refund"))
    async with inbox.database.transaction("test.skills") as session:
        await skills.say(session, inbox.people["Ana"].id, [], ["refund"], 5)
    before = await texts(inbox, "refund")
    page = (await ana.get("/admin/nlu/intents/refund/rename?to=money_back")).text
    for said in (f"<b>{len(before)}</b> examples", "the questions of triage", "Said to know it", "<b>1</b> case keeps"):
        assert said in page
    done = await ana.post("/admin/nlu/intents/refund/rename", data={"to": "money_back", "seen": seen(page)})
    assert done.headers["location"] == "/admin/nlu/intents/money_back"
    assert await texts(inbox, "money_back") == before
    assert (await ana.get("/admin/nlu/intents/refund")).headers["location"] == "/admin/nlu/intents/money_back"
    assert "still named by the questions of triage" in (await ana.get("/admin/nlu/intents")).text
    await ana.post("/admin/nlu/intents/refund/bring-back")
    assert await texts(inbox, "refund") == before


async def test_a_merge_counts_both_before_it_is_done(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    late, missing = await texts(inbox, "delivery_late"), await texts(inbox, "order_missing")
    page = (await ana.get("/admin/nlu/intents/delivery_late/merge?to=order_missing")).text
    assert f"has {len(missing)} examples now" in page
    assert f"and {len(missing) + len(late)} then" in page
    await ana.post("/admin/nlu/intents/delivery_late/merge", data={"to": "order_missing", "seen": seen(page)})
    assert await texts(inbox, "order_missing") == late | missing
    history = (await ana.get("/admin/nlu/intents/order_missing")).text.split('id="history-title"')[1]
    assert "merge, intent delivery_late" in history


async def test_a_retired_intents_examples_go_nowhere_or_to_another(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin/nlu/intents/outage/retire")).text
    assert "examples are not used any more" in page
    await ana.post("/admin/nlu/intents/outage/retire", data={"seen": seen(page)})
    assert "outage" not in await names(inbox)
    gone = await ana.get("/admin/nlu/intents/outage")
    assert gone.status_code == 410
    assert "Bring back" in gone.text
    added = await ana.post(
        "/admin/nlu/intents/outage/examples", data={"lines": "all is dark\nno light", "language": "en"}
    )
    assert (added.status_code, "all is dark\nno light" in added.text) == (410, True)
    split = {"to": "dark", "description": "no light at all", "chosen": f"en-{'0' * 32}", "step": "split"}
    halved = await ana.post("/admin/nlu/intents/outage/split", data=split)
    assert (halved.status_code, "no light at all" in halved.text) == (410, True)
    crashes = await texts(inbox, "app_crash")
    await ana.post("/admin/nlu/intents/app_crash/retire", data={"to": "complaint"})
    assert crashes <= await texts(inbox, "complaint")
    assert "app_crash" not in await names(inbox)


async def test_a_split_shows_both_sides_before_it_is_done(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    before = await texts(inbox, "refund")
    page = (await ana.get("/admin/nlu/intents/refund/split?near=I+would+like+to+return+my+jacket")).text
    chosen = re.findall(r'name="chosen" value="([^"]+)" checked', page)
    assert 1 <= len(chosen) < len(before)
    form = {"to": "returns", "description": "Sending back", "chosen": chosen}
    shown = await ana.post("/admin/nlu/intents/refund/split", data=form)
    assert f"<b>{len(chosen)}</b> examples go to the new intent" in shown.text
    assert "returns" not in await names(inbox)
    await ana.post("/admin/nlu/intents/refund/split", data=form | {"step": "split"})
    assert len(await texts(inbox, "returns")) == len(chosen)
    assert await texts(inbox, "returns") | await texts(inbox, "refund") == before


async def test_what_was_typed_and_ticked_stays_while_one_chooses(ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin/nlu/intents/refund/split")).text
    first, second = re.findall(r'name="chosen" value="([^"]+)"', page)[:2]
    form = {"to": "returns", "description": "Sending back", "chosen": [first, second], "step": "choose"}
    for near in ("", "I would like to return my jacket"):
        page = (await ana.post("/admin/nlu/intents/refund/split", data=form | {"near": near})).text
        assert re.findall(r'name="(?:to|description)"[^>]* value="([^"]*)"', page) == ["returns", "Sending back"]
        assert {first, second} <= set(re.findall(r'name="chosen" value="([^"]+)" checked', page))


async def test_a_name_that_cannot_be_is_refused_before_it_is_confirmed(ana: httpx.AsyncClient) -> None:
    for name, sentence in (
        ("complaint", "There is an intent “complaint” already"),
        ("Bad Name", "cannot name an intent"),
    ):
        page = (await ana.get("/admin/nlu/intents/refund/rename", params={"to": name})).text
        assert (sentence in page, "Rename to" in page) == (True, False)
    assert "Rename to returns" in (await ana.get("/admin/nlu/intents/refund/rename?to=returns")).text


async def test_who_changes_an_intent_that_somebody_else_changed_meanwhile_is_told(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    stale = await ana.post("/admin/nlu/intents/refund/retire", data={"seen": "1"})
    assert (stale.status_code, "Somebody changed this intent meanwhile" in stale.text) == (409, True)
    assert "refund" in await names(inbox)


async def test_what_cannot_be_done_is_said_and_nothing_is_changed(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    before = await names(inbox)
    for how, form, sentence in (
        ("rename", {"to": "complaint"}, "There is an intent “complaint” already"),
        ("rename", {"to": "a/b"}, "cannot name an intent"),
        ("merge", {"to": "refund"}, "one and the same"),
        ("merge", {"to": "nothing"}, "There is no intent “nothing”"),
        ("merge", {}, "There is no intent"),
        ("split", {"to": "returns"}, "Choose at least one example"),
        ("split", {"to": "__proto__", "chosen": "en-" + "0" * 32}, "cannot name an intent"),
        ("split", {"to": "returns", "chosen": "en-" + "0" * 32, "step": "split"}, "This example is gone"),
    ):
        answer = await ana.post(f"/admin/nlu/intents/refund/{how}", data=form)
        assert (answer.status_code, sentence in answer.text) == (409, True), sentence
    refused = await ana.post("/admin/nlu/intents/affirm/retire")
    assert "The talk itself is built on" in refused.text
    assert await names(inbox) == before
