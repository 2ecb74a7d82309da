"""Traffic of an intent: what customers lately said that was taken for it, as far as it may be learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import intents
from handoff.models import Case, Message
from handoff.recent import LATELY
from handoff.utterances import MAY_BE_SEEN, Utterance

SHOWN = 10
"""Texts on the page of an intent."""


@dataclass(frozen=True, slots=True)
class Said:
    """Equal texts, in the words of the newest."""

    utterance: Utterance
    text: str
    count: int
    was_handed_off: bool
    """Whether there is a thread to look at."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The newest texts, and how many lines there were in all."""

    texts: Sequence[Said]
    lines: int
    unsure: int
    """Of these lines: where the bot was not sure enough to act on its guess."""


async def of_intent(session: AsyncSession, name: str) -> Traffic:
    """What was best guessed to be an intent, by any name that it had: of customers who agree to training and from
    channels that allow it.
    """
    names = (await intents.known(session)).once(name) or [name]
    best = Utterance.ranking[0][0].astext.in_(names)
    lately = and_(MAY_BE_SEEN, best, Utterance.at > func.clock_timestamp() - LATELY)
    unsure = func.count().filter(Utterance.intent.not_in(names))
    lines, not_sure = (await session.execute(select(func.count(), unsure).where(lately))).one()
    if not lines:
        return Traffic((), 0, 0)
    newest = select(func.max(Utterance.message_id).label("id"), func.count().label("times")).where(lately)
    by_text = newest.group_by(Utterance.digest).order_by(func.max(Utterance.message_id).desc()).limit(SHOWN).subquery()
    handed_off = select(Case.id).where(Case.thread_id == Utterance.thread_id).exists()
    rows = await session.execute(
        select(Utterance, Message.text, by_text.c.times, handed_off)
        .join(Message, Message.id == Utterance.message_id)
        .join(by_text, by_text.c.id == Utterance.message_id)
        .order_by(Utterance.message_id.desc())
    )
    return Traffic([Said(*row) for row in rows], lines, not_sure)
