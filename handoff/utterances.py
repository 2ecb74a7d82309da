"""Utterances: what customers said and what the model guessed of it; and which of them somebody should look at.

A guess is kept beside its line for as long as the line is. To review it takes the customer's consent and the channel's
leave: both stand in the row, kept there by triggers, so that what is taken back is out in the same moment.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Float,
    ForeignKey,
    Index,
    and_,
    case,
    func,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import errors, receipts
from handoff.base import Base, now
from handoff.models import Agent, Message, Thread
from nlu.rasa import FALLBACK, Understanding
from nlu.text import mask
from nlu.triage_result import SURE, TALK_INTENTS

KEPT = 5
"""Guesses of a line that are kept, the best first."""

CERTAINTY = "CASE WHEN wrong_at IS NOT NULL OR rephrased THEN 0 ELSE confidence END"
"""A guess that an agent called wrong, or after which the customer said it again, is no guess at all."""


class Utterance(Base):
    """A line of a customer, and the guess. `ranking`: names and confidences between 0 and 1, the best first."""

    __tablename__ = "utterances"
    __table_args__ = (
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("(wrong_by IS NULL) = (wrong_at IS NULL)", name="somebody_said_so"),
        Index("ix_utterances_thread_id", "thread_id"),
        Index("ix_utterances_digest", "digest"),
        Index("ix_utterances_review_id", "review_id", postgresql_where=text("review_id IS NOT NULL")),
        Index("ix_utterances_unread", "message_id", postgresql_where=text("understood_at IS NULL")),
        Index(
            "ix_utterances_open",
            "certainty",
            "digest",
            "message_id",
            postgresql_where=text("may_train AND consented AND review_id IS NULL"),
        ),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    channel: Mapped[str]
    language: Mapped[str]
    digest: Mapped[str]
    """What equal texts of a language have in common; see `digest`."""
    intent: Mapped[str | None]
    confidence: Mapped[float | None]
    """Of the best guess, also where the model was not sure enough to act on it."""
    ranking: Mapped[list[Any]] = mapped_column(server_default="[]")
    entities: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    model: Mapped[str | None]
    at: Mapped[datetime] = now()
    understood_at: Mapped[datetime | None]
    """`None`: nobody has read it yet; the bot will."""
    may_train: Mapped[bool] = mapped_column(server_default="false")
    """Whether the channel's policy lets its text be trained on."""
    consented: Mapped[bool] = mapped_column(server_default="false")
    """Whether the customer agrees to that now."""
    wrong_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    wrong_at: Mapped[datetime | None]
    rephrased: Mapped[bool] = mapped_column(server_default="false")
    hint: Mapped[str | None]
    """The intent that it may have instead: what the agent said, or what the customer's next line was about."""
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id", ondelete="SET NULL"))
    certainty: Mapped[float | None] = mapped_column(Float, Computed(CERTAINTY, persisted=True))

    @property
    def guesses(self) -> Sequence[tuple[str, float]]:
        """The three best guesses with their confidence."""
        return [(name, confidence) for name, confidence in self.ranking[:3]]

    @property
    def is_sure(self) -> bool:
        """Whether the model was sure enough to act on its best guess."""
        return self.intent is not None and self.intent != FALLBACK


MAY_BE_SEEN = and_(Utterance.may_train, Utterance.consented)
"""Who reviews may see it, and a model may learn from it."""

OPEN = and_(MAY_BE_SEEN, Utterance.review_id.is_(None))
"""Nobody has said yet what it is about."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of an agent's word that a guess is wrong."""

    utterance: Utterance
    is_for_review: bool
    """Whether it goes to review: `False` without the customer's consent, or where the channel does not allow it."""


def digest(language: str, said: str) -> str:
    """The same for texts that differ in case, signs, numbers and names of accounts alone: 32 hexadecimal digits."""
    plain = mask(said).strip(" ?!¿¡") or " ".join(said.split())
    return hashlib.sha256(f"{language}\n{plain}".encode("utf-8", "replace")).hexdigest()[:32]


async def write_down(
    session: AsyncSession, thread_id: int, heard: Iterable[Understanding], *, may_train: bool, model: str | None = None
) -> None:
    """Keep what was understood of lines of a thread; `may_train` is the channel's policy. Once more changes nothing."""
    for understanding in heard:
        said = (Message.thread_id == thread_id, Message.text == understanding.text, Message.deleted_at.is_(None))
        lines = select(Message).where(*said, Message.by == "customer", Message.kind.in_(("chat", "post")))
        for line in await session.scalars(lines.order_by(Message.seq)):
            await _keep(session, line, understanding, may_train, model)


async def _keep(
    session: AsyncSession, line: Message, understanding: Understanding, may_train: bool, model: str | None
) -> None:
    values = {**_guess(understanding, model), "may_train": may_train}
    await _begin(session, line)
    unread = (Utterance.message_id == line.id, Utterance.understood_at.is_(None))
    await session.execute(update(Utterance).where(*unread).values(values))
    if understanding.intent not in TALK_INTENTS:
        await _was_rephrased(session, line, understanding.intent)


def _guess(understanding: Understanding, model: str | None) -> dict[str, Any]:
    ranking = understanding.ranking or ((understanding.intent, understanding.confidence),)
    within = [[name, min(1.0, max(0.0, confidence))] for name, confidence in ranking[:KEPT]]
    return {
        "intent": understanding.intent,
        "confidence": within[0][1],
        "ranking": within,
        "entities": understanding.entities,
        "model": model,
        "understood_at": func.clock_timestamp(),
    }


async def _begin(session: AsyncSession, line: Message) -> None:
    """A row for a line, if it has none."""
    thread = await session.get_one(Thread, line.thread_id)
    same = digest(thread.language, line.text)
    agreed = select(receipts.holds("training")).where(Thread.id == thread.id).scalar_subquery()
    values = {"message_id": line.id, "thread_id": thread.id, "channel": thread.channel, "language": thread.language}
    settled = select(func.review_of(same)).scalar_subquery()
    row = insert(Utterance).values(**values, digest=same, consented=agreed, review_id=settled)
    await session.execute(row.on_conflict_do_nothing())


async def _was_rephrased(session: AsyncSession, line: Message, intent: str) -> None:
    """The line before, if the bot did not understand it, may have been about the same; so may the one before a "no" to
    the bot's question whether it had understood."""
    theirs = (Message.thread_id == line.thread_id, Message.by == "customer", Message.kind.in_(("chat", "post")))
    columns = select(Message.id, Utterance.intent, Utterance.confidence).outerjoin(Utterance)
    lately = columns.where(*theirs, Message.seq < line.seq).order_by(Message.seq.desc()).limit(2)
    before = (await session.execute(lately)).all()
    match [row.intent for row in before]:
        case [str(said), *_] if said == FALLBACK:
            missed = before[0]
        case ["deny", str(said)] if said not in {*TALK_INTENTS, intent} and before[1].confidence < SURE:
            missed = before[1]
        case _:
            return
    again = update(Utterance).where(Utterance.message_id == missed.id, Utterance.wrong_at.is_(None))
    await session.execute(again.values(rephrased=True, hint=intent))


async def of_thread(session: AsyncSession, thread_id: int) -> Mapping[int, Utterance]:
    """What was guessed in a thread, by the id of the message."""
    found = await session.scalars(select(Utterance).where(Utterance.thread_id == thread_id))
    return {one.message_id: one for one in found}


async def of_line(session: AsyncSession, thread_id: int, message_id: int) -> tuple[Message, Utterance | None]:
    """A customer's line and what was guessed of it. Raises `NotTheirLine`."""
    line = await session.get(Message, message_id)
    is_theirs = line is not None and line.by == "customer" and line.kind in ("chat", "post")
    if line is None or not is_theirs or line.thread_id != thread_id or line.deleted_at is not None:
        raise errors.NotTheirLine
    return line, await session.get(Utterance, message_id, populate_existing=True)


async def last_line(session: AsyncSession, thread_id: int) -> int:
    """The id of the last line of the customer. Raises `NotTheirLine`."""
    theirs = (Message.thread_id == thread_id, Message.by == "customer", Message.kind.in_(("chat", "post")))
    lines = select(Message.id).where(*theirs, Message.deleted_at.is_(None)).order_by(Message.seq.desc()).limit(1)
    if (found := await session.scalar(lines)) is None:
        raise errors.NotTheirLine
    return found


async def mark_wrong(
    session: AsyncSession, thread_id: int, message_id: int, agent: Agent, hint: str | None = None
) -> Marked:
    """An agent says that the guess is wrong, and perhaps what would be right. Raises `NotTheirLine`.

    What nobody has read yet is read by the bot before it comes to review. Marked again, the last word counts.
    """
    line, _ = await of_line(session, thread_id, message_id)
    await _begin(session, line)
    said = update(Utterance).where(Utterance.message_id == message_id)
    values = {"wrong_by": agent.id, "wrong_at": func.clock_timestamp(), "hint": hint, "review_id": None}
    await session.execute(said.values(values))
    found = await session.get_one(Utterance, message_id, populate_existing=True)
    return Marked(found, found.consented and (found.may_train or found.understood_at is None))


async def unmark(session: AsyncSession, thread_id: int, message_id: int) -> None:
    """Take back that a guess is wrong: what was answered before is answered again. Raises `NotTheirLine`."""
    await of_line(session, thread_id, message_id)
    marked = update(Utterance).where(Utterance.message_id == message_id)
    answered = func.coalesce(Utterance.review_id, func.review_of(Utterance.digest))
    await session.execute(marked.values(wrong_by=None, wrong_at=None, hint=None, review_id=answered))


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that nobody has read yet."""

    thread_id: int
    channel: str
    text: str


async def unread(session: AsyncSession, most: int = 20) -> Sequence[Unread]:
    """Lines that agents called wrongly understood before any model has read them."""
    query = select(Utterance.thread_id, Utterance.channel, Message.text).join(Message).limit(most)
    return [Unread(*row) for row in await session.execute(query.where(Utterance.understood_at.is_(None)))]


async def obey(session: AsyncSession, allowed: Iterable[str]) -> None:
    """Let only these channels be trained on, from now on: policies change, also after a line was said."""
    may = Utterance.channel.in_(sorted(allowed))
    read = Utterance.understood_at.is_not(None)
    other = or_(and_(may, not_(Utterance.may_train)), and_(not_(may), Utterance.may_train))
    await session.execute(update(Utterance).where(read, other).values(may_train=case((may, True), else_=False)))
