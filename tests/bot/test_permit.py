"""We speak only where the platform's rules let us: the rule is a dated file for each channel."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from bot import permit
from bot.channel import Author
from tests.bot.town import Town, post
from tests.cast import MARA

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
    with pytest.raises(msgspec.ValidationError, match=r"offer\.to"):
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
