"""How far a training is: by the clock, and by what can be counted."""

import pytest

from handoff.progress import EXAMPLES, TESTING, TRAINING, Progress


def at(part: str, seconds: float, counted: float = 0.0) -> Progress:
    """A training so many seconds after a part of it began; the parts are expected to take 1, 40 and 20 seconds."""
    progress = Progress({EXAMPLES: 1.0, TRAINING: 40.0, TESTING: 20.0})
    for before in (TRAINING, TESTING)[: {EXAMPLES: 0, TRAINING: 1, TESTING: 2}[part]]:
        progress.turn_to(before, before)
    progress.began -= seconds
    progress.counted = counted
    return progress


def test_a_part_that_takes_longer_than_expected_never_comes_to_its_end() -> None:
    parts = [at(TRAINING, seconds).beat().part for seconds in (0, 20, 40, 400, 4000)]
    assert parts == sorted(parts)
    assert parts[-1] < 41 / 61


def test_what_is_counted_tells_how_long_it_still_takes() -> None:
    beat = at(TESTING, 120, counted=0.25).beat()
    assert beat.part == pytest.approx((41 + 5) / 61, abs=0.001)
    assert beat.left == pytest.approx(360, abs=1), "a machine six times as slow is not said to be done in a second"


def test_the_next_part_is_counted_from_its_own_begin() -> None:
    progress = at(TRAINING, 40, counted=1.0)
    progress.turn_to(TESTING, "testing version 2")
    assert progress.counted == 0.0
    assert progress.beat().left == pytest.approx(20, abs=1)
