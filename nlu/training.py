"""Trains the triage model: the Rasa project's files in, one model file out, named after what it was trained from."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from nlu.server import PROJECT, dies_with_us, environment

INPUTS = ("config.yml", "domain", "data")
COMPONENTS = "components"
LONGEST_TRAINING = 900.0


class TrainingFailed(Exception):
    """Rasa could not train on these files. Its last lines say why; the model in use stays in use."""


def model_path(models: Path, project: Path = PROJECT) -> Path:
    """Return where the model of exactly these files lives in the folder `models`, trained or not."""
    digest = hashlib.sha256()
    for path in _inputs(project):
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return models / f"triage-{digest.hexdigest()[:16]}.tar.gz"


async def ensure_model(python: Path, models: Path, tell: Callable[[str], None], project: Path = PROJECT) -> Path:
    """Return the model of these files, training it when there is none; `tell` hears a line for each step.

    `python` is the one of Rasa's own environment. Takes under a minute on two cores. A model file is whole or absent,
    also when two train at once or one is killed. Raises TrainingFailed.
    """
    model = model_path(models, project)
    if model.exists():
        return model
    workplace = _new_workplace(models)
    try:
        await _train(python, project, workplace, tell)
        os.replace(workplace / "model.tar.gz", model)
    except FileNotFoundError as error:
        raise TrainingFailed(f"{error.filename} is missing") from error
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return model


def _new_workplace(models: Path) -> Path:
    models.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="training-", dir=models))


def _inputs(project: Path) -> list[Path]:
    found = [path for name in (*INPUTS, COMPONENTS) for path in (project / name, *(project / name).rglob("*"))]
    return sorted(path for path in found if path.is_file() and path.suffix in (".yml", ".py"))


async def _train(python: Path, project: Path, workplace: Path, tell: Callable[[str], None]) -> None:
    argv = [str(python), "-m", "rasa", "train", "--fixed-model-name", "model", "--out", str(workplace)]
    for name in INPUTS:
        argv += [f"--{name.removesuffix('.yml')}", str(project / name)]
    env = environment(RASA_CACHE_DIRECTORY=str(workplace / "cache"), COLUMNS="200")
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=workplace,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=dies_with_us(signal.SIGKILL),
    )
    try:
        async with asyncio.timeout(LONGEST_TRAINING):
            lines = await _listen(process.stdout, tell)
            code = await process.wait()
    except TimeoutError as error:
        raise TrainingFailed(f"training took longer than {LONGEST_TRAINING:.0f} s") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code or not (workplace / "model.tar.gz").exists():
        raise TrainingFailed("\n".join(lines[-20:]))


async def _listen(output: asyncio.StreamReader | None, tell: Callable[[str], None]) -> list[str]:
    """Pass on which step has begun; return every line."""
    lines: list[str] = []
    if output is None:
        return lines
    async for raw in output:
        line = raw.decode(errors="replace").strip()
        lines.append(line)
        if "Starting to train component" in line:
            tell("training " + line.split("'")[1])
    return lines
