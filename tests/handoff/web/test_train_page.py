"""The page on which a version is trained: what it says while nobody is at a training, and what it asks the record."""

from datetime import timedelta

import httpx
from sqlalchemy import update

from handoff import trainings
from handoff.trainings import Training
from tests.handoff.web.conftest import Inbox

TRAIN = "/admin/nlu/train"


async def test_a_training_that_nobody_takes_up_says_what_to_do(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post(TRAIN)
    assert await later(inbox, ana, asked_at=Training.asked_at + timedelta(minutes=5)) == "Waits for the bot"
    said = await later(inbox, ana, asked_at=Training.asked_at - timedelta(minutes=6))
    assert said == "Nobody has taken it up"


async def test_a_training_that_nobody_goes_on_with_says_what_to_do(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post(TRAIN)
    async with inbox.database.transaction("test.take up") as session:
        assert await trainings.take_up(session, "mine")
    assert await later(inbox, ana, lease_until=Training.lease_until + timedelta(minutes=5)) == "Looking at the examples"
    assert await later(inbox, ana, lease_until=Training.lease_until - timedelta(minutes=7)) == "Nobody goes on with it"


async def later(inbox: Inbox, ana: httpx.AsyncClient, **moved: object) -> str:
    """What the page says of the training then."""
    async with inbox.database.transaction("test.later") as session:
        await session.execute(update(Training).values(moved))
    page = (await ana.get(TRAIN)).text
    asks = "Does the bot run, with Rasa on its machine?" in page
    for said in ("Nobody has taken it up", "Nobody goes on with it"):
        if said in page:
            assert asks
            return said
    assert not asks
    return next(said for said in ("Waits for the bot", "Looking at the examples") if said in page)
