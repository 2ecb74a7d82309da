"""The parts of the classifier, without Rasa around them but in its Python."""

import subprocess

import pytest

from nlu.server import environment
from tests.rasa_server import PYTHON, ROOT


@pytest.mark.parametrize(
    "check",
    [
        "saved_model_says_the_same",
        "name_of_an_intent_is_like_an_example_of_it",
        "intent_with_one_example_spoils_nothing",
        "one_intent_is_refused",
        "a_metric_parts_what_vectors_do_not",
        "the_slope_of_a_metric_is_its_slope",
        "a_model_of_before_the_metric_is_still_read",
        "what_is_about_no_intent_is_less_likely_to_be_any",
        "encoders_may_have_no_language_in_common",
        "texts_of_any_length_have_the_vectors_that_they_have_alone",
        "texts_that_wait_are_understood_together",
        "only_new_texts_are_encoded",
        "short_words_are_of_the_language_they_were_heard_in",
        "a_word_that_nobody_heard_is_of_the_only_language_of_the_examples",
        "an_encoder_may_be_a_folder",
        "a_folder_that_is_no_encoder_is_named",
    ],
)
def test_understanding(check: str) -> None:
    argv = [str(PYTHON), "-m", "tests.nlu.told_apart", check]
    done = subprocess.run(argv, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
