"""`knock policy`: what we may do, in words that a person can check."""

from datetime import date, timedelta

import pytest
from rich.console import Console

from bot.explain import explain, sentences, span
from bot.permit import is_old, policies


@pytest.mark.parametrize("channel", sorted(policies()))
def test_a_policy_is_told_whole(channel: str) -> None:
    console = Console(record=True, width=200)
    explain(channel, policies()[channel], console)
    told = " ".join(console.export_text().split())
    for rule in policies()[channel].rule:
        assert rule.text in told
        assert str(rule.date) in told


def test_on_x_it_says_whom_we_answer_how_often_and_what_it_costs() -> None:
    told = " ".join(sentences(policies()["x"]))
    for words in (
        "only to who called us",
        "280 weighted characters",
        "100 offers in 15 minutes",
        "reply 0.010",
        "#nobot",
    ):
        assert words in told


def test_a_policy_that_nobody_looked_at_for_half_a_year_says_so() -> None:
    policy = policies()["x"]
    assert not is_old(policy, policy.checked + timedelta(days=180))
    assert is_old(policy, policy.checked + timedelta(days=190))
    assert is_old(policy, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "1 minute"), (15, "15 minutes"), (60, "1 hour"), (185, "3 hours"), (4321, "3 days")]
)
def test_a_time_is_said_as_people_say_it(minutes: int, words: str) -> None:
    assert span(timedelta(minutes=minutes)) == words
