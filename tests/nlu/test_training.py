"""A model is trained once for the same files, anew for others, and a failure leaves nothing behind."""

import asyncio
import shutil
from pathlib import Path

import psutil
import pytest

from nlu.server import PROJECT
from nlu.training import TrainingFailed, ensure_model, model_path
from tests.rasa_server import PYTHON, RasaServer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy = tmp_path / "project"
    for name in ("domain", "data", "components"):
        shutil.copytree(PROJECT / name, copy / name)
    shutil.copy(PROJECT / "config.yml", copy)
    return copy


def test_the_same_files_have_the_same_model_wherever_they_are(project: Path, tmp_path: Path) -> None:
    assert model_path(tmp_path, project) == model_path(tmp_path)


def test_one_more_example_makes_another_model(project: Path, tmp_path: Path) -> None:
    with (project / "data" / "intents" / "en" / "refund.yml").open("a", encoding="utf-8") as examples:
        examples.write("      - I would be glad to see my money again\n")
    assert model_path(tmp_path, project) != model_path(tmp_path)


async def test_a_model_that_is_there_is_not_trained_again(rasa: RasaServer) -> None:
    steps: list[str] = []
    assert await ensure_model(PYTHON, rasa.model.parent, steps.append) == rasa.model
    assert steps == []


def a_python_that(tmp_path: Path, script: str) -> Path:
    """Return a program that stands where Rasa's Python is expected."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


async def test_every_step_of_a_training_is_told_and_one_file_is_left(tmp_path: Path) -> None:
    steps: list[str] = []
    line = "INFO  rasa.engine.training.hooks  - Starting to train component 'RulePolicy'."
    python = a_python_that(tmp_path, f'echo "{line}"; touch model.tar.gz')
    model = await ensure_model(python, tmp_path / "models", steps.append)
    assert steps == ["training RulePolicy"]
    assert list((tmp_path / "models").iterdir()) == [model]


@pytest.mark.parametrize("script", ["echo no such thing; exit 1", "echo no such thing; exit 0"])
async def test_a_training_that_fails_says_why_and_leaves_nothing_behind(tmp_path: Path, script: str) -> None:
    with pytest.raises(TrainingFailed, match="no such thing"):
        await ensure_model(a_python_that(tmp_path, script), tmp_path / "models", lambda step: None)
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_training_that_is_given_up_leaves_no_process_behind(tmp_path: Path) -> None:
    python = a_python_that(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    training = asyncio.create_task(ensure_model(python, tmp_path / "models", lambda step: None))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    training.cancel()
    with pytest.raises(asyncio.CancelledError):
        await training
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert list((tmp_path / "models").iterdir()) == []


async def test_without_rasa_training_fails_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match="no-such-python"):
        await ensure_model(Path("no-such-python"), tmp_path, lambda step: None)
    assert list(tmp_path.iterdir()) == []
