"""What waits for review: equal texts as one, the least certain first; and what is nearly the same."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from handoff import intents
from handoff.base import clean
from handoff.examples import Example
from handoff.intents import Intent
from handoff.models import Agent, Case, Message
from handoff.review_rules import Rules, rules
from handoff.reviews import STANDING, Review
from handoff.search import SAID, words
from handoff.utterances import OPEN, Utterance
from nlu.pieces import likeness, nearest, pieces

PAGE = 20
"""Texts on a page."""

ALIKE = 0.5
"""How alike near texts are, from 0 to 1; of "where is my parcel" and "where's my parcel now" it is 0.7."""

COUNTED, WALKED = 5000, 10**6
"""Lines that are counted: nobody needs to know how many more there are. Lines that are walked to find a page."""

MANY = 100
"""Lines that are counted beside every page."""

NEAR, LOOKED_THROUGH, TELLING = 50, 2000, 6
"""Near texts that are shown; lines with a word in common that are compared; words that are looked for, the longest."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which texts are looked for; an empty word is all."""

    intent: str = ""
    channel: str = ""
    language: str = ""
    why: str = ""
    """`wrong`: an agent said so. `rephrased`: the customer said it again."""

    async def conditions(self, session: AsyncSession) -> list[ColumnElement[bool]]:
        """The same for a query. An intent is looked for by every name that it had."""
        found: list[ColumnElement[bool]] = [
            column == word
            for column, word in ((Utterance.channel, self.channel), (Utterance.language, self.language))
            if word
        ]
        if self.intent:
            names = (await intents.known(session)).once(self.intent) or [clean(self.intent)]
            found.append(Utterance.ranking[0][0].astext.in_(names))
        if self.why:
            found.append(and_(Utterance.wrong_at.is_not(None)) if self.why == "wrong" else and_(Utterance.rephrased))
        return found


@dataclass(frozen=True, slots=True)
class Text:
    """What one or several customers said, in the words of the least certain one."""

    utterance: Utterance
    text: str
    count: int
    was_handed_off: bool
    """Whether there is a thread to look at."""
    answers: Sequence[Review]
    """Those that wait for a second person, if there is more than one: they differ."""

    @property
    def digest(self) -> str:
        """What names it."""
        return self.utterance.digest


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of what waits. `texts_in_all` and `lines_in_all` count all pages, or as far as anybody cares."""

    texts: Sequence[Text]
    texts_in_all: int
    lines_in_all: int

    @property
    def is_longer(self) -> bool:
        """Whether there are more than were counted."""
        return self.lines_in_all > COUNTED


async def queue(session: AsyncSession, me: Agent, rules: Rules, sought: Sought, *, skip: int = 0) -> Queue:
    """What waits for somebody: not what they answered already, unless another said otherwise."""
    which = [OPEN, Utterance.certainty < rules.line, *await sought.conditions(session)]
    if rules.two_people:
        which.append(~_answered(me))
    digests = await _least_certain(session, which, skip)
    count = select(Utterance.digest, func.count()).where(Utterance.digest.in_(digests), *which)
    lines = {row[0]: row[1] for row in await session.execute(count.group_by(Utterance.digest))}
    first = select(Utterance.digest).where(*which).limit(COUNTED + 1).subquery()
    texts, total = (
        await session.execute(select(func.count(first.c.digest.distinct()), func.count()).select_from(first))
    ).one()
    return Queue(await _texts(session, {one: lines.get(one, 0) for one in digests}, which), texts, total)


async def size(session: AsyncSession) -> int:
    """How many lines wait for somebody, up to `MANY`."""
    line = (await rules(session)).line
    first = select(Utterance.message_id).where(OPEN, Utterance.certainty < line).limit(MANY).subquery()
    return await session.scalar(select(func.count()).select_from(first)) or 0


async def _least_certain(session: AsyncSession, which: Sequence[ColumnElement[bool]], skip: int) -> list[str]:
    """The digests of a page. The lines are walked in their order only as far as the page needs it."""
    steps = 4 * (skip + PAGE)
    while True:
        walked = select(Utterance.digest, Utterance.certainty).where(*which)
        first = walked.order_by(Utterance.certainty, Utterance.digest).limit(steps).subquery()
        surely = func.min(first.c.certainty)
        groups = select(first.c.digest).group_by(first.c.digest).order_by(surely, first.c.digest)
        found = (await session.scalars(groups.limit(PAGE).offset(skip))).all()
        if len(found) == PAGE or steps >= WALKED or await _is_short(session, which, steps):
            return list(found)
        steps *= 8


async def _is_short(session: AsyncSession, which: Sequence[ColumnElement[bool]], steps: int) -> bool:
    """Whether fewer lines wait than were walked."""
    lines = select(Utterance.message_id).where(*which).limit(steps).subquery()
    return (await session.scalar(select(func.count()).select_from(lines)) or 0) < steps


def _answered(me: Agent) -> ColumnElement[bool]:
    mine = exists().where(Review.digest == Utterance.digest, Review.agent_id == me.id, *STANDING)
    others = exists().where(Review.digest == Utterance.digest, Review.agent_id != me.id, *STANDING)
    return mine & ~others


async def _texts(session: AsyncSession, counts: Mapping[str, int], which: Sequence[ColumnElement[bool]]) -> list[Text]:
    """The texts of some digests, in their order."""
    case = exists().where(Case.thread_id == Utterance.thread_id)
    query = select(Utterance, Message.text, case).join(Message).where(Utterance.digest.in_(counts), *which)
    first = query.ext(distinct_on(Utterance.digest)).order_by(
        Utterance.digest, Utterance.certainty, Utterance.message_id.desc()
    )
    rows = {row[0].digest: row for row in await session.execute(first)}
    answers = select(Review).where(Review.digest.in_(counts), *STANDING).options(joinedload(Review.agent))
    standing: dict[str, list[Review]] = {}
    for answer in await session.scalars(answers.order_by(Review.id)):
        standing.setdefault(answer.digest, []).append(answer)
    differing = {one: those for one, those in standing.items() if len(those) > 1}
    return [
        Text(rows[one][0], rows[one][1], count, rows[one][2], differing.get(one, ()))
        for one, count in counts.items()
        if one in rows
    ]


async def one(session: AsyncSession, digest: str) -> Text | None:
    """The text of a digest that is open, whether or not it is above the line."""
    lines = await session.scalar(select(func.count()).select_from(Utterance).where(OPEN, Utterance.digest == digest))
    found = await _texts(session, {digest: lines or 0}, [OPEN])
    return found[0] if found else None


async def near(session: AsyncSession, rules: Rules, text: Text) -> Sequence[Text]:
    """Open texts below the line that are nearly the same, the likest first, without the text itself."""
    which: list[ColumnElement[bool]] = [OPEN, Utterance.certainty < rules.line]
    rows = (await session.execute(_with_words_of(text.text).where(*which, Utterance.digest != text.digest))).all()
    said = {row.digest: row.text for row in rows}
    likest = await asyncio.to_thread(nearest, text.text, list(said.items()), ALIKE, NEAR)
    digests = [digest for digest, _ in likest]
    query = select(Utterance.digest, func.count()).where(*which, Utterance.digest.in_(digests))
    counts = {row[0]: row[1] for row in await session.execute(query.group_by(Utterance.digest))}
    return await _texts(session, {one: counts[one] for one in digests if one in counts}, which)


def _with_words_of(text: str) -> Select[Any, Any]:
    """Lines that have one of the telling words in common, the newest first."""
    telling = sorted(set(words(text)), key=lambda word: (-len(word), word))[:TELLING]
    query = func.to_tsquery("simple", " | ".join(f"'{word}'" for word in telling))
    lines = select(Utterance.digest, Message.text).join(Message).where(SAID.op("@@")(query))
    return lines.order_by(Utterance.message_id.desc()).limit(LOOKED_THROUGH)


async def ask_again(session: AsyncSession) -> int:
    """Open texts again that were about no intent, now that there is a newer one with an example near them. How many."""
    about_none = select(Review.id, Review.at, func.min(Message.text)).group_by(Review.id)
    about_none = about_none.join(Utterance, Utterance.review_id == Review.id).join(Message)
    none = (
        Review.answer == "none",
        Review.undone_at.is_(None),
        Review.at < select(func.max(Intent.made_at)).scalar_subquery(),
    )
    asked = (await session.execute(about_none.where(*none).order_by(Review.id.desc()).limit(LOOKED_THROUGH))).all()
    if not asked:
        _hints.cache_clear()
        return 0
    taught = select(Intent.name, Intent.made_at, Example.text).distinct().join(Example, Example.intent == Intent.name)
    newer = taught.where(Intent.made_at > min(row.at for row in asked), Intent.retired_at.is_(None))
    known = (await session.execute(newer.where(Example.removed_at.is_(None)).limit(LOOKED_THROUGH))).all()
    hints = await asyncio.to_thread(_hints, tuple(map(tuple, asked)), tuple(map(tuple, known)))
    for review_id, hint in hints.items():
        lines = update(Utterance).where(Utterance.review_id == review_id)
        await session.execute(lines.values(review_id=None, hint=hint).execution_options(synchronize_session=False))
        await session.execute(update(Review).where(Review.id == review_id).values(undone_at=func.clock_timestamp()))
    return len(hints)


@lru_cache(maxsize=1)
def _hints(asked: tuple[tuple[Any, ...], ...], known: tuple[tuple[Any, ...], ...]) -> Mapping[int, str]:
    """For each review (id, time, text) that is to be asked again the newer intent that it may be about.

    `known` are names of intents, when they were made, and a text. Asked each minute, it compares only what has changed.
    """
    taught = [(name, made_at, pieces(text)) for name, made_at, text in known]
    holding: dict[str, list[int]] = {}
    for number, (_, _, theirs) in enumerate(taught):
        for piece in theirs:
            holding.setdefault(piece, []).append(number)
    hints: dict[int, str] = {}
    for review_id, at, text in asked:
        own = pieces(text)
        shared = Counter(chain.from_iterable(holding.get(piece, ()) for piece in own))
        maybe = [taught[number] for number, count in shared.items() if 2 * count >= ALIKE * len(own)]
        near = [(likeness(own, theirs), name) for name, made_at, theirs in maybe if made_at > at]
        if near and max(near)[0] >= ALIKE:
            hints[review_id] = max(near)[1]
    return hints
