"""Scores: what they say of answers that are easily counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.scores import UNSURE, Answer, Scores, is_clear, losses


def answers(*said: tuple[str, str, str, float]) -> Scores:
    return Scores([Answer("text", "en", *one) for one in said])


ONE = answers(("a", "a", "a", 0.9), ("a", "b", "b", 0.9), ("b", "b", "b", 0.8), ("b", UNSURE, "b", 0.2))


def test_accuracy_f1_and_how_often_it_is_not_sure() -> None:
    assert (ONE.accuracy, ONE.unsure) == (0.5, 0.25)
    assert ONE.intents["a"].precision == 1.0
    assert ONE.intents["a"].recall == 0.5
    assert ONE.intents["a"].f1 == pytest.approx(2 / 3)
    assert ONE.intents["b"].f1 == 0.5
    assert ONE.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert ONE.matrix["b", UNSURE] == 1


def test_calibration_is_the_gap_between_sure_and_right() -> None:
    assert answers(*[("a", "a", "a", 1.0)] * 3).calibration_error == 0.0
    assert answers(("a", "b", "b", 0.8), ("a", "a", "a", 0.8)).calibration_error == pytest.approx(0.3)
    assert ONE.calibration_error == pytest.approx((2 * 0.4 + 0.2 + 0.8) / 4)


def test_a_higher_threshold_asks_again_in_place_of_being_wrong() -> None:
    found = [ONE.at(threshold, 0.35) for threshold in (0.0, 0.5, 0.95)]
    assert [(at.unsure, at.wrong) for at in found] == [(0, 0.25), (0.25, 0.25), (1.0, 0)]


def test_what_has_two_near_guesses_asks_again_at_every_threshold_and_as_often_as_it_says_it_is_not_sure() -> None:
    near = answers(("a", UNSURE, "b", 0.51), ("b", UNSURE, "b", 0.2), ("a", "a", "a", 0.9))
    assert near.at(0.35, 0.35).unsure == near.unsure == pytest.approx(2 / 3)
    assert [near.at(one, 0.35).unsure for one in (0.0, 0.5)] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    assert near.at(0.0, 0.35).wrong == 0.0


def test_of_no_answers_there_is_nothing_to_say() -> None:
    none = answers()
    assert (none.accuracy, none.macro_f1, none.unsure, none.calibration_error, none.intents) == (0, 0, 0, 0, {})


def test_a_fall_is_named_and_a_clear_one_is_more_than_a_twentieth() -> None:
    better = answers(("a", "a", "a", 0.9), ("a", "a", "a", 0.9), ("b", "b", "b", 0.8), ("b", "b", "b", 0.2))
    assert losses(ONE, better) == []
    assert losses(better, ONE) == [("b", 0.5), ("a", pytest.approx(1 / 3))]
    assert is_clear([("a", 0.051)])
    assert not is_clear([("a", 0.05), ("b", 0.01)])


INTENTS = st.sampled_from(["a", "b", "c", UNSURE])


@given(st.lists(st.tuples(INTENTS, INTENTS, INTENTS, st.floats(0, 1)), max_size=40))
def test_whatever_was_answered_scores_are_parts_and_the_matrix_loses_nobody(
    said: list[tuple[str, str, str, float]],
) -> None:
    scores = answers(*said)
    parts = (scores.accuracy, scores.macro_f1, scores.unsure, scores.calibration_error)
    assert all(0 <= part <= 1 for part in parts)
    assert sum(scores.matrix.values()) == scores.size
    assert sum(one.support for one in scores.intents.values()) == scores.size


def test_a_loss_that_two_digits_do_not_show_is_none() -> None:
    many = [("refund", "refund", "refund", 0.9)] * 400
    before, slip = answers(*many), ("cancel", "refund", "refund", 0.9)
    assert losses(before, answers(*many, slip)) == []
    assert losses(before, answers(*many, *[slip] * 20)) != []
