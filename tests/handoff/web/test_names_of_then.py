"""An intent that was renamed is the same intent: to scores of older versions, to what was guessed, to the review."""

import httpx
from sqlalchemy import update

from handoff import comparisons, intents
from handoff.versions import Model
from nlu.corpus import CorpusExample
from tests.bot.pages.world import words
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.spoken import says
from tests.handoff.web.test_review import REVIEW, cards, digest
from tests.handoff.web.versions import GOOD, Answers, at_work, freeze, version

LATE = [CorpusExample(f"it should have come {n} days ago", "delivery_overdue", "en") for n in range(20)]


def answers(right: int, name: str) -> Answers:
    """Of twenty, so many by their name, and the others taken for a refund."""
    said = [(name, name, 0.9)] * right + [("refund", "refund", 0.8)] * (20 - right)
    return {"delivery_overdue": said, "delivery_late": said}


async def renamed(inbox: Inbox) -> None:
    """Whoever said "overdue" then says "late" now."""
    async with inbox.database.transaction("test.rename") as session:
        await intents.rename(session, "delivery_overdue", "running_late", None)


async def overdue(inbox: Inbox) -> None:
    async with inbox.database.transaction("test.create") as session:
        await intents.create(session, "delivery_overdue", None)


async def test_a_version_from_before_is_right_by_the_name_of_then_and_a_loss_beside_it_shows(inbox: Inbox) -> None:
    await overdue(inbox)
    await freeze(inbox.database, LATE)
    await version(inbox.database, answers(20, "delivery_overdue"))
    await at_work(inbox.database, 1)
    await renamed(inbox)
    await version(inbox.database, answers(13, "running_late"))
    async with inbox.database.reading() as session:
        found = await comparisons.with_live(session, 2)
    assert found.before
    assert (found.before.accuracy, found.after.accuracy) == (1.0, 13 / 20)
    assert [name for name, _ in found.losses] == ["running_late"]
    assert found.needs_reason


async def test_what_a_version_was_taught_is_counted_by_the_names_of_now(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await freeze(inbox.database)
    await version(inbox.database, GOOD)
    counts = {"refund": {"en": 12}, "complaint": {"en": 30, "de": 1}, "greet": {"en": 7}}
    async with inbox.database.transaction("test.rename") as session:
        await session.execute(update(Model).values(counts=counts))
        await intents.rename(session, "refund", "money_back", None)
        await intents.merge(session, "complaint", "money_back")
    page = words((await ana.get("/admin/nlu/models/1")).text)
    assert "money_back 6 43 " in page
    assert "Nobody can tell" not in (await ana.get("/admin/nlu/models/1/promote")).text


async def test_what_was_taken_for_it_by_its_name_of_then_is_on_its_page_and_in_its_review(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await overdue(inbox)
    await says(inbox.database, "it should have come on Monday", {"delivery_overdue": 0.4, "refund": 0.2})
    await renamed(inbox)
    page = words((await ana.get("/admin/nlu/intents/running_late")).text)
    assert "1 line was taken for this in the last 14 days" in page
    assert "it should have come on Monday" in page
    assert cards((await ana.get(f"{REVIEW}?intent=running_late")).text) == [digest("it should have come on Monday")]
    assert cards((await ana.get(f"{REVIEW}?intent=refund")).text) == []
