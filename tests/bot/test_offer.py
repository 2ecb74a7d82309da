"""One offer, ever: per person and problem, and at most one within the cool-down."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import offer, stop
from bot.channel import NeverDeliverable, TryLater, Unknown
from tests.bot.town import COMPLAINT, Town, click, post, update
from tests.cast import JOSE, MARA

DAY = timedelta(days=1)


async def test_whoever_asks_for_help_is_offered_it_once(town: Town) -> None:
    await town.do(post(MARA, post_id="town:first"))
    (said,) = town.street.offers
    assert (said.in_reply_to, said.place, said.label) == ("town:first", "town", "Need help? Click here")
    assert await town.value("SELECT state FROM offers") == "sent"


async def test_one_offer_ever_for_one_problem(town: Town) -> None:
    for _ in range(3):
        await town.do(post(MARA))
    assert len(town.street.offers) == 1
    thread = await town.thread(await town.value("SELECT id FROM threads"))
    assert [message.kind for message in thread.messages] == ["post", "offer", "post", "post"]


async def test_the_same_post_delivered_again_changes_nothing(town: Town) -> None:
    first = post(MARA, post_id="town:1")
    await town.do(first, first)
    assert (len(town.street.offers), await town.value("SELECT count(*) FROM messages")) == (1, 2)


async def test_within_the_cool_down_nobody_is_offered_help_again(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(8 * DAY)
    await town.bot.forget()
    await town.do(post(MARA))
    assert len(town.street.offers) == 1
    assert await town.value("SELECT posts FROM tallies WHERE outcome = 'offered before'") == 1


async def test_after_the_cool_down_a_new_problem_is_offered_help(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(31 * DAY)
    await town.bot.forget()
    await town.do(post(MARA))
    assert len(town.street.offers) == 2


async def test_twenty_posts_in_twenty_connections_at_once_are_one_offer(town: Town) -> None:
    await town.flow.take([update(post(MARA)) for _ in range(20)])
    while any(await asyncio.gather(*(town.flow.handle_next() for _ in range(8)))):
        pass
    await town.work()
    assert len(town.street.offers) == 1
    assert await town.value("SELECT count(*) FROM messages WHERE kind = 'post'") == 20


async def test_two_claims_at_once_send_one_offer(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    claims = await asyncio.gather(*(town.bot.claim_offer() for _ in range(5)))
    work = [claim for claim in claims if not isinstance(claim, bool)]
    await asyncio.gather(*(claim() for claim in work))
    assert (len(work), len(town.street.offers)) == (1, 1)


async def test_two_people_who_complain_are_two_offers(town: Town) -> None:
    await town.do(post(MARA), post(JOSE))
    assert [said.token for said in town.street.offers] == list({said.token: 1 for said in town.street.offers})
    assert len(town.street.offers) == 2


@pytest.mark.parametrize(
    "outcome", [Unknown("no answer"), TimeoutError(), RuntimeError("a bug")], ids=lambda error: type(error).__name__
)
async def test_a_send_that_timed_out_but_was_delivered_is_not_repeated(town: Town, outcome: Exception) -> None:
    town.street.outcomes.append(outcome)
    await town.do(post(MARA))
    for _ in range(3):
        await town.pass_time(timedelta(minutes=10))
        await town.bot.settle_doubts()
        await town.do(post(MARA))
    assert len(town.street.offers) == 1
    assert await town.value("SELECT state || ', ' || why FROM offers") == "human, delivery unconfirmed"


async def test_what_surely_was_not_sent_is_tried_again_when_the_channel_says(town: Town) -> None:
    town.street.outcomes.append(TryLater(40, "too many"))
    await town.do(post(MARA))
    assert (town.street.offers, await town.value("SELECT state FROM offers")) == ([], "ready")
    await town.pass_time(timedelta(seconds=30))
    await town.work()
    assert town.street.offers == []
    await town.pass_time(timedelta(seconds=11))
    await town.work()
    assert (len(town.street.offers), await town.value("SELECT max(n) FROM attempts")) == (1, 2)


async def test_a_place_that_will_never_take_it_ends_the_thread(town: Town) -> None:
    town.street.outcomes.append(NeverDeliverable("the post is gone"))
    await town.do(post(MARA))
    assert await town.value("SELECT state FROM offers") == "failed"
    assert await town.value("SELECT ended_why FROM threads") == "no offer: the post is gone"
    await town.do(post(MARA))
    assert town.street.offers == []


async def test_an_offer_that_comes_too_late_is_not_made(town: Town) -> None:
    town.street.outcomes.append(TryLater(60, "too many"))
    await town.do(post(MARA))
    await town.pass_time(DAY)
    await town.work()
    assert (town.street.offers, await town.value("SELECT state FROM offers")) == ([], "expired")


@pytest.mark.parametrize(
    ("at", "made"),
    [
        (datetime.max.replace(tzinfo=UTC), 1),
        (datetime(2200, 1, 1, tzinfo=UTC), 1),
        (datetime.min.replace(tzinfo=UTC), 0),
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
    ],
    ids=["the end of time", "the future", "the beginning of time", "the past"],
)
async def test_a_post_with_a_wrong_clock_harms_nobody(town: Town, at: datetime, made: int) -> None:
    await town.do(post(MARA, at=at))
    assert len(town.street.offers) == made
    assert await town.value("SELECT count(*) FROM updates WHERE tries > 0 OR trouble IS NOT NULL") == 0
    assert not await town.value("SELECT bool_or(expires_at > now() + interval '25 hours') FROM offers")


async def test_a_process_that_was_held_up_after_its_claim_sends_nothing(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    async with town.database.transaction("test") as session:
        claimed = await offer.claim(session, offer.Terms(b"key", "Northwind", 30 * DAY))
    assert isinstance(claimed, offer.Claimed)
    assert not claimed.too_late
    late = offer.Claimed(claimed.offer_id, 1, claimed.channel, claimed.offer, claimed.since - offer.PATIENCE - 1)
    assert late.too_late
    async with town.database.transaction("test") as session:
        await offer.settle(session, late, offer.too_slow())
    assert await town.value("SELECT state FROM attempts") == "not_sent"


@pytest.mark.parametrize(
    ("outcome", "state"), [("said-late", "sent"), (TryLater(0, "late"), "in_doubt"), (Unknown("late"), "in_doubt")]
)
async def test_whoever_was_taken_for_dead_cannot_make_an_offer_ready_again(
    town: Town, outcome: str | Exception, state: str
) -> None:
    """A paused sender wakes up after its offer was put in doubt: only that it was sent is believed."""

    async def meanwhile() -> None:
        await town.pass_time(timedelta(seconds=61))
        await town.bot.settle_doubts()
        assert await town.value("SELECT state FROM offers") == "in_doubt"

    town.street.outcomes.append(outcome)
    town.street.while_sending = meanwhile
    await town.do(post(MARA))
    assert await town.value("SELECT state FROM offers") == state
    assert await town.value("SELECT count(*) FROM attempts") == 1


async def test_who_came_by_themselves_needs_no_offer(town: Town) -> None:
    town.street.outcomes.append(TryLater(60, "too many"))
    await town.do(post(MARA))
    await town.do(click(MARA, None))
    await town.pass_time(timedelta(seconds=61))
    await town.work()
    assert town.street.offers == []
    assert await town.value("SELECT why FROM offers") == "came by themselves"


async def test_the_record_knows_what_was_offered_before_the_channel_does(town: Town) -> None:
    """Nothing is said that is not first written down."""
    written: list[object] = []

    async def look() -> None:
        written.append(await town.value("SELECT state FROM attempts"))
        written.append(await town.value("SELECT count(*) FROM messages WHERE kind = 'offer'"))

    town.street.while_sending = look
    await town.do(post(MARA, COMPLAINT))
    assert written == ["intent", 1]


async def test_a_post_that_was_changed_before_we_spoke_is_not_answered(town: Town) -> None:
    complaint = post(MARA, COMPLAINT)
    town.street.posts = [replace(complaint, text="Never mind, all is well.")]
    await town.do(complaint)
    assert town.street.offers == []
    assert await town.value("SELECT state || ': ' || why FROM offers") == "failed: low score"


async def test_a_stop_that_comes_after_a_claim_and_before_the_offer_is_said_keeps_it_in(town: Town) -> None:
    await town.hear(post(MARA))
    await town.flow.handle_next()
    account = await town.value("SELECT account FROM promises")
    say_it = await town.bot.claim_offer()
    assert callable(say_it)
    async with town.database.transaction("stop") as session:
        await stop.stop(session, account, "a word", "Northwind")
    await say_it()
    assert town.street.offers == []
