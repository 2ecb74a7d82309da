"""Trains the triage model in a process of Rasa's own: the files of a project in, one model file out."""

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from nlu.corpus import Corpus, write_corpus
from nlu.server import PROJECT, dies_with_us, environment

INPUTS = ("config.yml", "domain", "data")
COMPONENTS = "components"
SEEDS = "intents"
"""The folder in `data` that a corpus stands in place of."""

LONGEST_TRAINING = 3600.0
"""Seconds. It yields to everybody else: on a busy machine it may take ten times as long as it needs."""
STEP = re.compile(r"(Starting to train|Finished training) component '(\w+)'")


class TrainingFailed(Exception):
    """Rasa could not train on these files. Its last lines say why; the model in use stays in use."""


def model_path(models: Path, project: Path = PROJECT) -> Path:
    """Return where the model of exactly these files lives in the folder `models`, trained or not."""
    return models / f"triage-{_digest(project, _inputs(project))[:16]}.tar.gz"


def config_hash(project: Path = PROJECT) -> str:
    """The hash of everything that a model is made with but the examples."""
    seeds = project / "data" / SEEDS
    return _digest(project, [path for path in _inputs(project) if seeds not in path.parents])


def threshold(project: Path = PROJECT) -> float:
    """The confidence below which a model of this configuration says that it is not sure; 0 if it never does."""
    config = yaml.safe_load((project / "config.yml").read_text("utf-8"))
    parts = [part for part in config.get("pipeline") or () if isinstance(part, dict)]
    return next((float(part["threshold"]) for part in parts if "threshold" in part and "allback" in part["name"]), 0.0)


def write_project(corpus: Corpus, folder: Path, project: Path = PROJECT) -> None:
    """Write the project into an empty folder, with the corpus in place of the seeds."""
    shutil.copytree(project / "domain", folder / "domain")
    shutil.copytree(project / "data", folder / "data", ignore=shutil.ignore_patterns(SEEDS))
    shutil.copy(project / "config.yml", folder / "config.yml")
    write_corpus(corpus, folder, _names_in(project / "domain"))


def _names_in(domain: Path) -> set[str]:
    """The intents and entities that the domain in git knows."""
    names: set[str] = set()
    for path in sorted(domain.rglob("*.yml")):
        read = yaml.safe_load(path.read_text("utf-8")) or {}
        for one in [*(read.get("intents") or ()), *(read.get("entities") or ())]:
            names |= set(one) if isinstance(one, dict) else {str(one)}
    return names


async def ensure_model(python: Path, models: Path, tell: Callable[[str], None], project: Path = PROJECT) -> Path:
    """Return the model of these files, training it when there is none; `tell` hears a line for each step.

    `python` is the one of Rasa's own environment. Takes under a minute on two cores. A model file is whole or absent,
    also when two train at once or one is killed. Raises TrainingFailed.
    """
    model = model_path(models, project)
    if model.exists():
        return model
    workplace = new_workplace(models)

    def begun(line: str) -> None:
        if (step := STEP.search(line)) and step[1].startswith("Starting"):
            tell(f"training {step[2]}")

    try:
        await train(python, project, workplace, begun)
        os.replace(workplace / "model.tar.gz", model)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return model


def new_workplace(models: Path) -> Path:
    """A folder of its own for one training, beside the models, so that what comes out can be moved there at once."""
    models.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="training-", dir=models))


async def train(
    python: Path, project: Path, workplace: Path, hear: Callable[[str], None], *, politely: bool = False
) -> Path:
    """Train the project; `model.tar.gz` in the workplace is what comes out. `hear` gets every line that Rasa says.

    `politely`: so that it yields to everybody else on this machine. Raises TrainingFailed.
    """
    argv = [str(python), "-m", "rasa", "train", "--fixed-model-name", "model", "--out", str(workplace)]
    for name in INPUTS:
        argv += [f"--{name.removesuffix('.yml')}", str(project / name)]
    vectors = workplace.parent / "vectors"
    env = environment(RASA_CACHE_DIRECTORY=str(workplace / "cache"), KNOCK_VECTORS=str(vectors), COLUMNS="200")
    try:
        process = await asyncio.create_subprocess_exec(
            *(["nice", "-n", "15", *argv] if politely else argv),
            cwd=workplace,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=dies_with_us(signal.SIGKILL),
        )
    except FileNotFoundError as error:
        raise TrainingFailed(f"{error.filename} is missing") from error
    lines: list[str] = []
    try:
        async with asyncio.timeout(LONGEST_TRAINING):
            await _listen(process.stdout, lines, hear)
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
    return workplace / "model.tar.gz"


async def _listen(output: asyncio.StreamReader | None, lines: list[str], hear: Callable[[str], None]) -> None:
    if output is None:
        return
    async for raw in output:
        line = raw.decode(errors="replace").strip()
        lines.append(line)
        hear(line)


def _inputs(project: Path) -> list[Path]:
    found = [path for name in (*INPUTS, COMPONENTS) for path in (project / name, *(project / name).rglob("*"))]
    return sorted(path for path in found if path.is_file() and path.suffix in (".yml", ".py"))


def _digest(project: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
