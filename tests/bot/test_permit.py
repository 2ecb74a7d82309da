"""We speak only where the platform's rules let us: the rule is a dated file for each channel."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import permit
from bot.brand import read_brand
from bot.channel import Author, Halted
from bot.say import say
from handoff import halts, offers
from tests.bot.town import BRAND, Town, mention, post
from tests.cast import MARA, NOOR

RULE = """checked = {checked}
[offer]
to = "{to}"
per_place_per_hour = 2
longest = {longest}
[[rule]]
text = "A rule."
source = "its page"
date = 2026-01-01
"""


@pytest.mark.parametrize("name", sorted(permit.policies()))
def test_we_speak_only_where_the_platforms_rules_let_us(name: str) -> None:
    """Each policy says since when it is so and where that stands."""
    policy = permit.policies()[name]
    assert policy.rule
    assert all(rule.text and rule.source and rule.date <= policy.checked for rule in policy.rule)
    assert policy.checked > date(2026, 1, 1)


def test_a_policy_with_a_wrong_key_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(RULE.format(checked="2026-02-01", to="everybody", longest=280))
    with pytest.raises(permit.PolicyUnreadable, match=r"x\.toml cannot be used.*offer\.to"):
        permit.policies(tmp_path)


async def test_a_channel_without_a_policy_gets_no_offer(town: Town) -> None:
    async with town.database.reading() as session:
        nowhere = replace(post(MARA), channel="nowhere")
        assert await permit.why_not(session, nowhere, "hi", "Help") == "the channel does not allow it"


async def test_an_offer_that_is_too_long_for_the_channel_is_not_made(town: Town) -> None:
    async with town.database.reading() as session:
        assert await permit.why_not(session, post(MARA), "x" * 4097, "Help") == "the offer is too long for the channel"
        assert await permit.why_not(session, post(MARA), "x" * 4096, "Help") is None


async def test_a_place_is_not_flooded_with_offers(town: Town) -> None:
    crowd = [Author(f"9{number:03}") for number in range(23)]
    await town.do(*(post(one) for one in crowd))
    assert len(town.street.offers) == 20
    assert await town.value("SELECT posts FROM tallies WHERE outcome = 'enough offers in this place'") == 3
    await town.pass_time(timedelta(minutes=61))
    await town.do(post(crowd[-1]))
    assert len(town.street.offers) == 21


async def test_on_x_nobody_is_answered_who_did_not_call_us(town: Town) -> None:
    await town.do(mention(MARA, summons=False), mention(NOOR))
    assert [said.in_reply_to for said in town.x.offers] == [town.x.offers[0].in_reply_to]
    assert await town.value("SELECT posts FROM tallies WHERE channel = 'x' AND outcome = 'would have offered'") == 1
    assert await town.value("SELECT count(*) FROM threads") == 1


async def test_of_who_did_not_call_us_only_a_number_is_kept(town: Town) -> None:
    await town.do(mention(MARA, "Help! My quince kettle of @northwind_help is broken", summons=False))
    for table in ("messages", "customers", "threads", "offers"):
        assert await town.value(f"SELECT count(*) FROM {table}") == 0
    assert await town.value("SELECT count(*) FROM updates WHERE payload IS NOT NULL") == 0


async def test_who_wants_no_bots_is_left_alone(town: Town) -> None:
    await town.do(mention(MARA, "Help! @northwind_help my parcel is late. #NoBot"))
    assert town.x.offers == []
    assert await town.value("SELECT outcome FROM tallies") == "wants no bots"


async def test_the_reply_on_x_says_how_to_hear_nothing_more_and_fits_in_every_language(town: Town) -> None:
    await town.do(mention(MARA))
    assert town.x.offers[0].text.endswith("Reply STOP and you will not hear from us again.")
    brand, rule = read_brand(BRAND), permit.policies()["x"].offer
    for speaks in brand.languages:
        text, label = brand.offer_in(speaks)
        assert permit.length(rule, f"{text} {say('opt_out', speaks)}", label) <= 280


@pytest.mark.parametrize(
    ("text", "weight"), [("", 0), ("abc", 3), ("Ελλάδα", 6), ("日本", 4), ("🦊", 2), ("\u2014 \u201cq\u201d", 5)]
)
def test_a_weighted_length_counts_wide_characters_twice(text: str, weight: int) -> None:
    rule = permit.OfferRule(to="nobody", per_place_per_hour=1, longest=280, counting="weighted")
    assert permit.length(rule, text, "label") == weight


async def test_what_the_limits_hold_back_waits_in_the_order_it_came(town: Town) -> None:
    crowd = [Author(f"8{number:03}") for number in range(103)]
    await town.do(*(mention(one) for one in crowd))
    assert len(town.x.offers) == 100
    async with town.database.reading() as session:
        assert await offers.waiting(session) == {"x": 3}
        assert "100 offers in 15 minutes" in (await permit.silent(session))["x"]
    await town.do(post(MARA))
    assert len(town.street.offers) == 1
    await town.pass_time(timedelta(minutes=16))
    await town.work()
    assert len(town.x.offers) == 103
    answered = [int(said.in_reply_to) for said in town.x.offers]
    assert answered == sorted(answered)


async def test_one_brand_never_starves_another(town: Town) -> None:
    await town.hear(*(mention(Author(f"7{number}")) for number in range(5)))
    while await town.flow.handle_next():
        pass
    await town.run("UPDATE threads SET brand = 'Quince' WHERE id > (SELECT min(id) + 2 FROM threads)")
    await town.work()
    said = await town.value(
        "SELECT string_agg(brand, ' ' ORDER BY started_at) FROM attempts JOIN offers ON offers.id = offer_id"
        " JOIN threads ON threads.id = thread_id"
    )
    assert said == "Northwind Quince Northwind Quince Northwind"


async def test_an_answer_that_nobody_knows_silences_the_channel_until_a_person_looked(town: Town) -> None:
    town.x.outcomes.append(Halted("X says 418: I am a teapot"))
    await town.do(mention(MARA), mention(NOOR))
    assert len(town.x.offers) == 1
    assert await town.value("SELECT count(*) FROM offers WHERE state = 'ready'") == 2
    await town.pass_time(timedelta(hours=20))
    await town.work()
    assert len(town.x.offers) == 1
    async with town.database.transaction("test") as session:
        assert await halts.end(session, "x")
        assert not await halts.end(session, "x")
    await town.work()
    assert len(town.x.offers) == 3


async def test_a_used_up_month_is_over_when_the_month_is(town: Town) -> None:
    town.x.outcomes.append(Halted("the month's posts are used up", datetime.now(UTC) + timedelta(hours=5)))
    await town.do(mention(MARA))
    assert len(town.x.offers) == 1
    await town.pass_time(timedelta(hours=6))
    await town.work()
    assert len(town.x.offers) == 2


async def test_a_halt_with_an_end_does_not_shorten_one_that_waits_for_a_person(town: Town) -> None:
    async with town.database.transaction("test") as session:
        await permit.halt(session, "x", Halted("unknown"))
        await permit.halt(session, "x", Halted("for a while", datetime.now(UTC) + timedelta(hours=1)))
        (halt,) = await halts.standing(session)
    assert (halt.why, halt.until) == ("unknown", None)


async def test_a_halt_on_one_channel_leaves_the_others_alone(town: Town) -> None:
    town.x.outcomes.append(Halted("unknown"))
    await town.do(mention(MARA))
    await town.do(post(NOOR))
    assert len(town.street.offers) == 1


def test_how_long_a_queue_takes_follows_from_the_tightest_limit() -> None:
    policy = permit.policies()["x"]
    assert permit.wait_for(policy, 99) == timedelta(0)
    assert permit.wait_for(policy, 250) == timedelta(minutes=30)
    assert permit.wait_for(policy, 1200) == timedelta(hours=12)
    assert permit.wait_for(permit.policies()["square"], 10_000) == timedelta(0)
