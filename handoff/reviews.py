"""Reviews: what somebody said a text of customers is about, for all who said the same.

An answer counts at once, or, where two people are asked, when a second one says the same. What counts becomes an
example, in the words of one customer who agreed; if that one takes the words back, another's take their place.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from handoff import examples, intents, review_rules, training_errors
from handoff import review_errors as errors
from handoff.base import Base, identity, now, one_of
from handoff.examples import Example
from handoff.models import Agent, Message, Thread
from handoff.review_rules import Rules
from handoff.utterances import MAY_BE_SEEN, OPEN, Utterance

Answer = Literal["intent", "none", "ignore"]
"""It is about this intent; about none that there is; or it teaches nothing."""

UNDO = timedelta(hours=12)


class Review(Base):
    """One answer of one person. `settled_at`: since when it counts; `confirms_id`: the answer that it agreed with."""

    __tablename__ = "reviews"
    __table_args__ = (
        one_of("answer", Answer),
        CheckConstraint("(answer = 'intent') = (intent IS NOT NULL)", name="intent_is_named"),
        Index("ix_reviews_digest", "digest"),
        Index("ix_reviews_agent_id", "agent_id", "at"),
        Index("ix_reviews_example_id", "example_id", postgresql_where=text("example_id IS NOT NULL")),
        Index(
            "uq_reviews_standing",
            "digest",
            "agent_id",
            unique=True,
            postgresql_where=text("settled_at IS NULL AND undone_at IS NULL"),
        ),
    )

    id: Mapped[int] = identity()
    digest: Mapped[str]
    answer: Mapped[Answer] = mapped_column(String)
    intent: Mapped[str | None]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = now()
    settled_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    confirms_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id", ondelete="SET NULL"))
    together_id: Mapped[int | None] = mapped_column(BigInteger)
    """The first of several answers that were given, and are undone, together."""
    example_id: Mapped[int | None] = mapped_column(ForeignKey("examples.id"))
    lost: Mapped[bool] = mapped_column(server_default="false")
    """Its example was taken back by whose words it was."""

    agent: Mapped[Agent] = relationship(lazy="raise")

    @property
    def words(self) -> str:
        """The answer as it is read."""
        return self.intent or {"none": "none of these", "ignore": "ignored"}[self.answer]


class Withdrawal(Base):
    """An example that is gone because whose words it was took them back, or was forgotten. A trigger writes it."""

    __tablename__ = "withdrawals"

    example_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str]
    at: Mapped[datetime] = now()


STANDING = (Review.settled_at.is_(None), Review.undone_at.is_(None))
"""An answer that waits for a second person."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer before it is given."""

    answer: Answer
    intent: str | None = None

    def __post_init__(self) -> None:
        """Refuse an intent without a name. Raises `NothingChosen`."""
        if (self.answer == "intent") != bool(self.intent):
            raise errors.NothingChosen


async def answer(
    session: AsyncSession, me: Agent, digest: str, said: Said, *, together_id: int | None = None
) -> Review:
    """Say what all open lines of a digest are about. Raises `Overtaken`, `TakenBack`, `NoSuchIntent`, and what
    `examples.add` raises."""
    rules = await review_rules.rules(session)
    if said.intent:
        said = Said("intent", await intents.in_use(session, said.intent))
    if (same := await _lock(session, me, digest, said)) is not None:
        return same
    waiting = (await session.scalars(select(Review).where(Review.digest == digest, *STANDING))).all()
    for mine in waiting:
        if mine.agent_id == me.id:
            mine.undone_at = func.clock_timestamp()
    await session.flush()
    review = Review(digest=digest, answer=said.answer, intent=said.intent, agent_id=me.id, together_id=together_id)
    session.add(review)
    await session.flush()
    latest = (await intents.known(session)).latest
    others = {(one.answer, one.intent and latest(one.intent)): one for one in waiting if one.agent_id != me.id}
    agreeing = others.get((said.answer, said.intent))
    if agreeing is not None or not rules.two_people:
        await _settle(session, rules, review, agreeing, me)
    return review


async def _lock(session: AsyncSession, me: Agent, digest: str, said: Said) -> Review | None:
    """Keep everybody else from answering meanwhile; one's own answer if it was given already, as by a double click.

    Raises `Overtaken`, `TakenBack`.
    """
    lines = select(Utterance.message_id).where(OPEN, Utterance.digest == digest).order_by(Utterance.message_id)
    if (await session.scalars(lines.with_for_update())).first() is not None:
        return None
    query = select(Review, Agent.name).join(Agent, Agent.id == Review.agent_id).order_by(Review.id.desc()).limit(1)
    settled = (Review.digest == digest, Review.settled_at.is_not(None), Review.undone_at.is_(None))
    row = (await session.execute(query.where(*settled))).first()
    if row is None:
        raise errors.TakenBack
    if (row[0].agent_id, row[0].answer, row[0].intent) == (me.id, said.answer, said.intent):
        return row[0]
    raise errors.Overtaken(who=row[1], answer=row[0].words)


async def _settle(session: AsyncSession, rules: Rules, review: Review, agreeing: Review | None, me: Agent) -> None:
    review.settled_at = func.clock_timestamp()
    if agreeing is not None:
        agreeing.settled_at, review.confirms_id = func.clock_timestamp(), agreeing.id
    lines = update(Utterance).where(OPEN, Utterance.digest == review.digest)
    await session.execute(lines.values(review_id=review.id).execution_options(synchronize_session=False))
    if review.intent is not None:
        await _teach(session, rules, review, me)
    await session.flush()


async def _teach(session: AsyncSession, rules: Rules, review: Review, by: Agent | None) -> bool:
    """Make an example of the words of one who agreed; `False`: nobody is left who does.

    What customers said and is an example already gets the newest answer, and goes on testing if it did. What else is
    an example stays as it is. Raises what `examples.add` raises.
    """
    line = select(Utterance.language, Message.id, Message.thread_id, Message.text).join(Message)
    theirs = line.where(MAY_BE_SEEN, Utterance.review_id == review.id).order_by(Message.id).limit(1)
    while (row := (await session.execute(theirs)).first()) is not None:
        # Whoever takes their words back does so before this, and is not read, or after it, and the example goes.
        held = select(Thread.id).where(Thread.id == row.thread_id).with_for_update(read=True, key_share=True)
        await session.execute(held)
        if (await session.execute(theirs)).first() == row:
            break
    if row is None or review.intent is None:
        return False
    language, message_id, thread_id, said = row
    made: Example | None
    try:
        made = await examples.add(
            session,
            said,
            review.intent,
            language,
            source="review",
            by=by,
            message_id=message_id,
            thread_id=thread_id,
            held_back=rules.holds_back(said),
        )
        is_its = made.message_id == message_id
    except (training_errors.InTestSet, training_errors.ExampleElsewhere) as error:
        made = await examples.correct(session, said, language, review.intent, by)
        is_its = made is not None
        if made is None and error.names.get("intent", review.intent) != review.intent:
            raise
    if made is not None and is_its:
        review.example_id = made.id
    return True


async def last(session: AsyncSession, me: Agent) -> Review | None:
    """The newest answer of somebody that can be undone."""
    lately = Review.at > func.clock_timestamp() - UNDO
    query = select(Review).where(Review.agent_id == me.id, Review.undone_at.is_(None), lately)
    return (await session.scalars(query.order_by(Review.id.desc()).limit(1))).one_or_none()


async def undo(session: AsyncSession, me: Agent, seen: int | None = None) -> Sequence[Review]:
    """Take back one's newest answer, with those given together with it. Raises `NothingToUndo`, and `AnotherAnswer` if
    the newest is not the one that was `seen`."""
    newest = await last(session, me)
    if newest is None:
        raise errors.NothingToUndo
    if seen is not None and newest.id != seen:
        raise errors.AnotherAnswer
    together = Review.together_id == newest.together_id if newest.together_id else Review.id == newest.id
    mine = select(Review).where(together, Review.agent_id == me.id, Review.undone_at.is_(None)).order_by(Review.id)
    found = (await session.scalars(mine.with_for_update().execution_options(populate_existing=True))).all()
    if not found:
        raise errors.NothingToUndo
    for review in found:
        await _take_back(session, review, me)
    return found


async def _take_back(session: AsyncSession, review: Review, me: Agent | None) -> None:
    """Undo an answer: its lines are open again, its example is not used any more, who agreed waits for another."""
    either = or_(Review.confirms_id == review.id, Review.id == (review.confirms_id or 0))
    partner = (await session.scalars(select(Review).where(either, Review.undone_at.is_(None)))).one_or_none()
    both = [review, *([partner] if partner else [])]
    open_again = update(Utterance).where(Utterance.review_id.in_([one.id for one in both])).values(review_id=None)
    await session.execute(open_again.execution_options(synchronize_session=False))
    for one in both:
        await _unteach(session, one, me)
        one.confirms_id = None
    review.undone_at = func.clock_timestamp()
    if partner is not None:
        mine = (Review.digest == partner.digest, Review.agent_id == partner.agent_id, Review.id != partner.id)
        has_newer = await session.scalar(select(exists().where(*mine, *STANDING)))
        partner.settled_at, partner.undone_at = None, func.clock_timestamp() if has_newer else None
    await session.flush()


async def _unteach(session: AsyncSession, review: Review, me: Agent | None) -> None:
    """Its example has the intent again that it had by the answer before, or is not used any more.

    It stays as it is where somebody gave it another intent since, or where the answer changed nothing.
    """
    if review.example_id is None:
        return
    made, known = await session.get_one(Example, review.example_id), await intents.known(session)
    review.example_id = None
    if made.removed_at is not None or known.latest(made.intent) != known.latest(review.intent or ""):
        return
    others = select(Review).where(Review.example_id == made.id, Review.undone_at.is_(None), Review.id != review.id)
    around = (await session.scalars(others.order_by(Review.id.desc()))).all()
    before = around[0].intent if around else None
    if before is not None and (around[0].id > review.id or made.at < review.at):
        return
    with suppress(training_errors.NoSuchExample):
        if before is not None and known.now(before) is not None:
            await examples.relabel(session, [made.key], before, me)
        else:
            await examples.remove(session, made.key, me)


async def done_today(session: AsyncSession, me: Agent) -> int:
    """Answers of somebody since midnight (UTC)."""
    midnight = func.date_trunc("day", func.clock_timestamp(), "UTC")
    mine = (Review.agent_id == me.id, Review.at >= midnight, Review.undone_at.is_(None))
    return await session.scalar(select(func.count()).where(*mine)) or 0


async def repair(session: AsyncSession) -> None:
    """After words were taken back: another customer's stand for them, or nothing is left of the answer either.

    Where theirs cannot stand for them, as when the intent was retired meanwhile, the answer teaches nothing.
    """
    rules = await review_rules.rules(session)
    lost = select(Review).where(Review.lost).order_by(Review.id).with_for_update(skip_locked=True)
    for review in (await session.scalars(lost)).all():
        review.lost = False
        try:
            async with session.begin_nested():
                is_taught = await _teach(session, rules, review, None)
        except training_errors.TrainingError:
            continue
        if not is_taught:
            gone = delete(Review).where(Review.id.in_([review.id, review.confirms_id]))
            await session.execute(gone.execution_options(synchronize_session=False))
    of_nothing = ~exists().where(Utterance.digest == Review.digest)
    await session.execute(delete(Review).where(of_nothing).execution_options(synchronize_session=False))
