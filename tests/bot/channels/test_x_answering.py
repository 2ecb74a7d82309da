"""What the refusals of X mean: what is final, what can be tried again, when, and what stops us."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channel import Halted, NeverDeliverable, TryLater, Unknown
from bot.channels.x_answering import Unaccepted, Windows, is_capped, problem_of, refusal
from tests.peers.fake_x_world import BLOCKED, DUPLICATE, GONE, NOT_MENTIONED, NOT_SUMMONED, RESTRICTED

MENTIONS = "GET /users/:id/mentions"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def headers(remaining: int, reset: float, span: str = "x-rate-limit") -> dict[str, str]:
    return {f"{span}-limit": "100", f"{span}-remaining": str(remaining), f"{span}-reset": str(int(reset))}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def windows(clock: Clock) -> Windows:
    return Windows(clock)


def test_a_window_that_x_says_is_used_up_is_not_tried(windows: Windows, clock: Clock) -> None:
    windows.note(MENTIONS, headers(1, clock.now + 90))
    windows.admit(MENTIONS)
    windows.note(MENTIONS, headers(0, clock.now + 90))
    with pytest.raises(TryLater) as closed:
        windows.admit(MENTIONS)
    assert closed.value.seconds == 90
    windows.admit("GET /tweets")
    clock.now += 90
    windows.admit(MENTIONS)


def test_the_longest_of_several_windows_counts(windows: Windows, clock: Clock) -> None:
    day = headers(0, clock.now + 5000, "x-app-limit-24hour")
    windows.note("POST /tweets", headers(0, clock.now + 90) | day)
    with pytest.raises(TryLater) as closed:
        windows.admit("POST /tweets")
    assert closed.value.seconds == 5000


@pytest.mark.parametrize(("reset", "seconds"), [(90, 91), (0, 1), (-3600, 1)])
def test_a_refusal_says_when_to_come_back_and_never_in_the_past(
    windows: Windows, clock: Clock, reset: int, seconds: float
) -> None:
    told = headers(0, clock.now + reset)
    windows.note(MENTIONS, told)
    assert windows.refuse(MENTIONS, told).seconds == seconds


@pytest.mark.parametrize("told", [{}, {"x-rate-limit-reset": "soon"}])
def test_a_refusal_that_does_not_say_when_is_a_minute(windows: Windows, told: dict[str, str]) -> None:
    assert windows.refuse(MENTIONS, told).seconds == 60
    with pytest.raises(TryLater):
        windows.admit(MENTIONS)


def problem(detail: str, **more: Any) -> dict[str, Any]:
    return {"title": "Forbidden", "detail": detail, "type": "about:blank", **more}


@pytest.mark.parametrize("words", [NOT_SUMMONED, NOT_MENTIONED, DUPLICATE, GONE, BLOCKED, RESTRICTED])
def test_what_x_will_never_accept_is_final(words: str) -> None:
    meant = refusal("POST", 403, problem(words))
    assert isinstance(meant, NeverDeliverable)
    assert meant.blocked is (words == BLOCKED)
    assert isinstance(refusal("POST", 403, {"errors": [{"message": words}]}), NeverDeliverable)


@pytest.mark.parametrize("status", [301, 400, 402, 403, 404, 418])
def test_any_other_refusal_stops_us_and_says_what_to_do(status: int) -> None:
    meant = refusal("POST", status, problem("Something is not in order"))
    assert isinstance(meant, Halted)
    assert meant.until is None
    assert "Something is not in order" in str(meant)
    assert isinstance(refusal("GET", status, problem(DUPLICATE)), Halted)


def test_a_token_that_is_refused_can_be_renewed() -> None:
    assert isinstance(refusal("POST", 401, problem("Unauthorized")), Unaccepted)


def test_a_server_in_trouble_may_have_said_a_reply_but_not_a_question() -> None:
    assert isinstance(refusal("POST", 503, {}), Unknown)
    assert isinstance(refusal("GET", 503, {}), TryLater)


@pytest.mark.parametrize(("period", "least", "most"), [("Monthly", 0, 31), ("Daily", 0, 1), (None, 0, 31)])
def test_a_usage_cap_stops_us_until_the_cycle_ends(period: str | None, least: int, most: int) -> None:
    capped = problem("Usage cap exceeded", type="https://api.x.com/2/problems/usage-capped", period=period)
    assert is_capped(capped)
    meant = refusal("GET", 429, capped)
    assert isinstance(meant, Halted)
    assert meant.until is not None
    assert timedelta(least) < meant.until - datetime.now(UTC) <= timedelta(most)
    assert (meant.until.hour, meant.until.minute) == (0, 0)
    assert period == "Daily" or meant.until.day == 1


@pytest.mark.parametrize("body", [b"", b"<html>503</html>", b"[1]", b"\xff", b"[" * 100_000])
def test_a_body_that_tells_of_no_problem_is_none(body: bytes) -> None:
    assert problem_of(body) == {}


@pytest.mark.parametrize("errors", [["a word"], [{"code": 88}], {"a": 1}, "x", [None]])
def test_odd_errors_are_no_harm(errors: Any) -> None:
    assert isinstance(refusal("POST", 400, {"errors": errors}), Halted)
