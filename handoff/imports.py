"""Files of examples: what one would change, told before it is done, and done in one go or not at all."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import corpora, intents, patterns
from handoff import training_errors as errors
from handoff.corpora import Entry
from handoff.examples import Example, Key
from handoff.intents import Known
from handoff.models import Agent
from handoff.reviews import Withdrawal
from nlu import corpus
from nlu import patterns as allowed
from nlu.annotations import digest, packed
from nlu.example_files import ExampleFile, Line, Mistake, read_yaml
from nlu.example_sheets import MARK, read_csv
from nlu.language import LANGUAGES
from nlu.seeds import frozen_keys

LARGEST = 1_000_000
"""Bytes of a file."""

MOST = 20_000
"""Examples and patterns of a file."""

AT_ONCE = 500


@dataclass
class Plan:
    """What a file would change. Whoever carries it out says whether what is `elsewhere` goes where the file has it."""

    new: list[Line] = field(default_factory=list)
    marked: list[Line] = field(default_factory=list)
    """Those that are there with other entities."""
    elsewhere: list[tuple[Line, str]] = field(default_factory=list)
    """Those that have another intent now, and which."""
    tested: list[Line] = field(default_factory=list)
    """Those of the test set, which are left out."""
    taken_back: list[Line] = field(default_factory=list)
    """What a customer said and took back, or who was forgotten: left out, for no withdrawal would reach it again."""
    same: int = 0
    twice: list[tuple[Line, int]] = field(default_factory=list)
    """Those that stand in the file before, and in which line."""
    intents: Counter[str] = field(default_factory=Counter)
    """Intents that are to be made, with how many examples."""
    patterns: list[corpus.Pattern] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many examples and patterns it would change."""
        return len(self.new) + len(self.marked) + len(self.elsewhere) + len(self.patterns)

    @property
    def fingerprint(self) -> str:
        """The same for plans that would change the same."""
        parts = (self.new, self.marked, self.elsewhere, self.patterns, sorted(self.intents.items()))
        return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:32]


def read(content: str, language: str) -> ExampleFile:
    """A file as YAML or CSV, whichever it is; lines without a language have the one given. Raises `FileTooLarge`."""
    if len(content.encode("utf-8", "replace")) > LARGEST:
        raise errors.FileTooLarge
    head = content.lstrip(MARK + " \r\n\t").split("\n", 1)[0].lower()
    is_table = "text" in head and "intent" in head and (";" in head or "," in head)
    found = read_csv(content) if is_table else read_yaml(content.lstrip(MARK))
    found.lines = [
        Line(line.number, line.intent, line.text, line.entities, line.language or language) for line in found.lines
    ]
    if len(found.lines) + len(found.patterns) > MOST:
        raise errors.TooManyExamples(most=f"{MOST:,}")
    return found


async def plan(session: AsyncSession, file: ExampleFile) -> Plan:
    """What a file would change now."""
    known = await intents.known(session)
    rows = await session.execute(select(Example.language, Example.digest).where(Example.held_back))
    held = {(row.language, row.digest) for row in rows}
    made = planned(file.lines, await corpora.entries(session, known), known, frozen_keys(), held)
    made.mistakes += file.mistakes
    gone = set(await session.scalars(select(Withdrawal.digest)))
    made.taken_back = [line for line in made.new if digest(line.text) in gone]
    made.new = [line for line in made.new if digest(line.text) not in gone]
    made.intents -= Counter(line.intent for line in made.taken_back)
    there = {(one.entity, one.kind, one.text): one.value for one in await patterns.every(session)}
    for number, pattern in file.patterns:
        key = (pattern.entity, pattern.kind, pattern.text)
        if why := allowed.objection(pattern):
            made.mistakes.append(Mistake(number, why))
        elif key not in there:
            there[key] = pattern.value
            made.patterns.append(pattern)
        elif there[key] != pattern.value:
            made.mistakes.append(Mistake(number, errors.StandsFor(text=pattern.text, value=there[key]).sentence))
    made.mistakes.sort(key=lambda one: one.line)
    return made


def planned(
    lines: Iterable[Line],
    entries: Iterable[Entry],
    known: Known,
    frozen: frozenset[str],
    held_back: Collection[Key] = (),
) -> Plan:
    """What lines would change, given what there is; `held_back`: for the test set, also what was removed from it."""
    made, there = Plan(), {entry.key: entry for entry in entries}
    met: dict[Key, Line] = {}
    for line in lines:
        if why := _objection(line, known):
            made.mistakes.append(Mistake(line.number, why))
            continue
        line = Line(line.number, known.now(line.intent) or line.intent, line.text, line.entities, line.language)
        key = (line.language, digest(line.text))
        if (before := met.get(key)) is None:
            met[key] = line
            is_tested = key[1] in frozen or key in held_back
            _sort_in(made, line, there.get(key), known, is_tested=is_tested)
        elif before.intent == line.intent:
            made.twice.append((line, before.number))
        else:
            why = f"This text has the intent “{before.intent}” in line {before.number}, and “{line.intent}” here."
            made.mistakes.append(Mistake(line.number, why))
    return made


async def carry_out(session: AsyncSession, made: Plan, by: Agent, *, move: bool) -> int:
    """Change what was planned; `move`: also what has another intent now. How many examples and patterns that were.

    The plan is of this transaction, in which `lock` came first. Raises what `intents.create` raises.
    """
    wanted = [*made.new, *made.marked, *((line for line, _ in made.elsewhere) if move else ())]
    for name in sorted({line.intent for line in wanted} & set(made.intents)):
        await intents.create(session, name, by)
    for start in range(0, len(wanted), AT_ONCE):
        await _write(session, wanted[start : start + AT_ONCE], by)
    for pattern in made.patterns:
        await patterns.add(session, pattern.entity, pattern.kind, pattern.text, by, value=pattern.value)
    return len(wanted) + len(made.patterns)


async def lock(session: AsyncSession) -> None:
    """Nobody else changes examples until this transaction ends."""
    await session.execute(text("LOCK TABLE examples IN SHARE ROW EXCLUSIVE MODE"))


def _objection(line: Line, known: Known) -> str | None:
    if line.language not in LANGUAGES:
        return f"“{line.language}” is none of the languages that the bot speaks: {', '.join(LANGUAGES)}."
    try:
        intents.check_name(line.intent)
    except errors.TrainingError as error:
        return error.sentence
    if known.is_retired(line.intent) and known.now(line.intent) is None:
        return errors.IntentWasRetired(name=line.intent).sentence
    return None


def _sort_in(made: Plan, line: Line, entry: Entry | None, known: Known, *, is_tested: bool) -> None:
    if is_tested:
        made.tested.append(line)
    elif entry is None:
        made.new.append(line)
        if known.now(line.intent) is None:
            made.intents[line.intent] += 1
    elif entry.example.intent != line.intent:
        made.elsewhere.append((line, entry.example.intent))
        if known.now(line.intent) is None:
            made.intents[line.intent] += 1
    elif entry.example.entities != line.entities:
        made.marked.append(line)
    else:
        made.same += 1


async def _write(session: AsyncSession, lines: Sequence[Line], by: Agent) -> None:
    rows = [
        {
            "intent": line.intent,
            "text": line.text,
            "language": line.language,
            "entities": packed(line.entities),
            "digest": digest(line.text),
            "source": "import",
            "agent_id": by.id,
        }
        for line in lines
    ]
    adding = insert(Example).values(rows)
    changed: dict[str, Any] = {name: adding.excluded[name] for name in ("intent", "text", "entities", "agent_id")}
    # A customer's words stay theirs, whoever writes them again.
    changed["source"] = case((Example.thread_id.is_not(None), Example.source), else_=adding.excluded.source)
    changed |= {"at": func.clock_timestamp(), "removed_at": None, "version": Example.version + 1}
    await session.execute(adding.on_conflict_do_update(index_elements=["language", "digest"], set_=changed))
