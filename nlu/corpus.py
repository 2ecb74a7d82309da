"""What a model is trained on: every example with its language, patterns, how problems are put; as files for Rasa."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from nlu.annotations import Entity, digest, packed, write

PatternKind = Literal["synonym", "regex", "lookup"]

INTENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
RESERVED = frozenset({"begin", "nlu_fallback", "restart", "back", "session_start", "none", "null", "true", "false"})
"""Names of intents that mean something to Rasa, to YAML, or to the triage that starts a talk."""

ABOUT = "utter_about_"
"""The response that says, in each language, how a problem is put to the customer; its name ends in the intent's."""


@dataclass(frozen=True, slots=True)
class CorpusExample:
    """One text and the intent it has. `example_id`: of the row in the record; seeds have none."""

    text: str
    intent: str
    language: str
    entities: tuple[Entity, ...] = ()
    source: str = "seed"
    example_id: int | None = None

    @property
    def digest(self) -> str:
        """What equal texts have in common."""
        return digest(self.text)

    @property
    def marked(self) -> str:
        """The text with its entities in Rasa's notation."""
        return write(self.text, self.entities)


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """How an entity is recognised: a `regex`, a word of a `lookup`, or a `synonym` and the `value` it stands for."""

    entity: str
    kind: PatternKind
    text: str
    value: str = ""


@dataclass(frozen=True)
class Corpus:
    """All that a model learns from. `wordings`: by intent and language, how a problem is put to the customer."""

    examples: tuple[CorpusExample, ...]
    patterns: tuple[Pattern, ...] = ()
    wordings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def intents(self) -> list[str]:
        """The intents that have an example, by name."""
        return sorted({one.intent for one in self.examples})

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many examples each intent has, by language."""
        found: dict[str, dict[str, int]] = {}
        for one in self.examples:
            by_language = found.setdefault(one.intent, {})
            by_language[one.language] = by_language.get(one.language, 0) + 1
        return found

    @property
    def example_ids(self) -> list[int]:
        """Those that are in the record: what a snapshot keeps, so that forgetting can name it."""
        return sorted(one.example_id for one in self.examples if one.example_id is not None)

    @cached_property
    def sha256(self) -> str:
        """The same for the same contents, in whatever order they came and wherever they are kept."""
        examples = sorted([one.language, one.intent, one.text, packed(one.entities)] for one in self.examples)
        patterns = sorted([one.entity, one.kind, one.text, one.value] for one in self.patterns)
        wordings = {name: dict(sorted(said.items())) for name, said in sorted(self.wordings.items())}
        whole = json.dumps([examples, patterns, wordings], ensure_ascii=True, separators=(",", ":"), default=str)
        return hashlib.sha256(whole.encode()).hexdigest()


HEADER = 'version: "3.1"\n# Made by Knock’s training out of the seeds and the record: changes belong there.\n'
"""The sign that is not ASCII keeps Rasa from reading backslashes in examples as escapes."""


def write_corpus(corpus: Corpus, folder: Path, known: Iterable[str] = ()) -> list[Path]:
    """Write the corpus into a folder as Rasa's files and return them.

    `data/` has a file for each language and one for the patterns; `domain/record.yml` has what the domain in git does
    not know: intents (`known` are those it has), entities, and the wordings as responses.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "domain").mkdir(parents=True, exist_ok=True)
    files = {folder / "data" / f"examples_{language}.yml": text for language, text in _by_language(corpus)}
    if patterns := {*corpus.patterns, *_marked(corpus)}:
        files[folder / "data" / "patterns.yml"] = HEADER + "nlu:\n" + "".join(patterns_in_yaml(patterns))
    files[folder / "domain" / "record.yml"] = _domain(corpus, set(known))
    for path, text in files.items():
        path.write_text(text, "utf-8")
    return list(files)


def examples_in_yaml(examples: Iterable[CorpusExample], *, with_language: bool = False) -> str:
    """The `nlu:` part of a Rasa file, by intent."""
    return (
        HEADER + "nlu:\n" + "".join(_intent(name, list(those), with_language) for name, those in _by_intent(examples))
    )


def patterns_in_yaml(patterns: Iterable[Pattern]) -> Iterable[str]:
    """Items of an `nlu:` part, one for each list."""
    for (kind, name), those in groupby(sorted(patterns, key=_list_of), key=_list_of):
        yield _item(kind, name, [one.text for one in those])


def _marked(corpus: Corpus) -> Iterator[Pattern]:
    """What admins marked in examples is recognised elsewhere as well; the seeds' patterns are in git."""
    for example in corpus.examples:
        if example.source != "seed":
            for one in example.entities:
                yield Pattern(one.entity, "lookup", example.text[one.start : one.end])


def _by_language(corpus: Corpus) -> Iterable[tuple[str, str]]:
    by_language = sorted(corpus.examples, key=lambda one: one.language)
    for language, those in groupby(by_language, key=lambda one: one.language):
        yield language, examples_in_yaml(those, with_language=True)


def _by_intent(examples: Iterable[CorpusExample]) -> Iterable[tuple[str, Iterable[CorpusExample]]]:
    return groupby(sorted(examples, key=lambda one: (one.intent, one.text)), key=lambda one: one.intent)


def _intent(name: str, those: list[CorpusExample], with_language: bool) -> str:
    language = {"language": those[0].language} if with_language else {}
    return _item("intent", name, [one.marked for one in those], language)


def _list_of(pattern: Pattern) -> tuple[str, str]:
    return pattern.kind, pattern.value if pattern.kind == "synonym" else pattern.entity


def _item(kind: str, name: str, lines: Iterable[str], metadata: Mapping[str, str] | None = None) -> str:
    about = f"    metadata: {json.dumps(metadata)}\n" if metadata else ""
    listed = "".join(f"      - {line}\n" for line in lines)
    return f"  - {kind}: {json.dumps(name, ensure_ascii=False)}\n{about}    examples: |\n{listed}"


def _domain(corpus: Corpus, known: set[str]) -> str:
    entities = {one.entity for example in corpus.examples for one in example.entities}
    entities |= {one.entity for one in corpus.patterns if one.kind != "synonym"}
    domain: dict[str, Any] = {
        "version": "3.1",
        "intents": [name for name in corpus.intents if name not in known],
        "entities": sorted(entities - known),
        "responses": {ABOUT + name: _response(said) for name, said in sorted(corpus.wordings.items()) if said},
    }
    return json.dumps({name: part for name, part in domain.items() if part}, ensure_ascii=False, indent=1) + "\n"


def _response(said: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"text": words, "condition": [{"type": "slot", "name": "language", "value": language}]}
        for language, words in sorted(said.items())
    ]
