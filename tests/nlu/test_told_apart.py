"""The parts of the classifier, without Rasa around them but in its Python."""

import subprocess

import pytest

from nlu.server import environment
from tests.rasa_server import PYTHON, ROOT


@pytest.mark.parametrize(
    "check",
    [
        "saved_model_says_the_same",
        "intent_with_one_example_spoils_nothing",
        "one_intent_is_refused",
        "only_new_texts_are_encoded",
        "short_words_are_of_the_language_they_were_heard_in",
    ],
)
def test_understanding(check: str) -> None:
    argv = [str(PYTHON), "-m", "tests.nlu.told_apart", check]
    done = subprocess.run(argv, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
