"""The examples that come with Knock: `data/intents/<language>/<intent>.yml`, and the frozen test sets beside them."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from nlu.corpus import CorpusExample
from nlu.example_files import Line, read_yaml
from nlu.server import PROJECT

HOME_LANGUAGE = "en"
"""Of files that lie in no folder of a language."""


class BrokenSeeds(Exception):
    """A file of the project cannot be read; the message names file and line."""


@cache
def seeds(project: Path = PROJECT) -> tuple[CorpusExample, ...]:
    """Every seed, read once a process. Raises `BrokenSeeds`."""
    folder = project / "data" / "intents"
    return tuple(
        CorpusExample(line.text, line.intent, _language_of(path.parent, folder), line.entities)
        for path in sorted(folder.rglob("*.yml"))
        for line in _lines(path)
    )


@cache
def frozen(project: Path = PROJECT) -> tuple[CorpusExample, ...]:
    """The test sets in git, `tests/held_out/<language>.yml`: never trained on. Raises `BrokenSeeds`."""
    return tuple(
        CorpusExample(line.text, line.intent, path.stem, line.entities)
        for path in sorted((project / "tests" / "held_out").glob("*.yml"))
        for line in _lines(path)
    )


@cache
def seeds_by_key(project: Path = PROJECT) -> Mapping[tuple[str, str], CorpusExample]:
    """Every seed by its language and the digest of its text."""
    return {(one.language, one.digest): one for one in seeds(project)}


@cache
def frozen_keys(project: Path = PROJECT) -> frozenset[str]:
    """The digests of the utterances of the test sets, in whatever language."""
    return frozenset(one.digest for one in frozen(project))


def seed_intents(project: Path = PROJECT) -> frozenset[str]:
    """The intents that come with Knock."""
    return frozenset(one.intent for one in seeds(project))


def _lines(path: Path) -> Iterator[Line]:
    found = read_yaml(path.read_text("utf-8"))
    if found.mistakes:
        raise BrokenSeeds(f"{path}:{found.mistakes[0].line}: {found.mistakes[0].why}")
    yield from found.lines


def _language_of(folder: Path, root: Path) -> str:
    return HOME_LANGUAGE if folder == root else folder.relative_to(root).parts[0]
