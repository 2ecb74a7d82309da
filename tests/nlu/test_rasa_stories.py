"""The stories of nlu/tests, told to the trained model by Rasa's own test command."""

import subprocess
from pathlib import Path

from nlu.server import PROJECT, environment
from tests.rasa_server import PYTHON, RasaServer


def tell(stories: Path, model: Path, out: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(PYTHON), "-m", "rasa", "test", "core", "--e2e", "--fail-on-prediction-errors", "--no-plot"]
    argv += ["--stories", str(stories), "--model", str(model), "--out", str(out)]
    return subprocess.run(argv, cwd=out, env=environment(), capture_output=True, text=True, timeout=100, check=False)


def test_every_story_goes_as_it_is_told(rasa: RasaServer, tmp_path: Path) -> None:
    told = tell(PROJECT / "tests", rasa.model, tmp_path)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    assert "none of the test stories failed" in (tmp_path / "failed_test_stories.yml").read_text().lower()


def test_a_story_that_goes_wrong_fails_the_build(rasa: RasaServer, tmp_path: Path) -> None:
    story = (PROJECT / "tests" / "test_triage_stories.yml").read_text(encoding="utf-8")
    (tmp_path / "test_wrong.yml").write_text(story.replace("intent: human", "intent: refund"), encoding="utf-8")
    assert tell(tmp_path / "test_wrong.yml", rasa.model, tmp_path).returncode != 0
