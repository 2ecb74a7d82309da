"""Ask whether it is solved: one line to the customer of a case that an agent closed, once for each case."""

import unicodedata
from datetime import timedelta

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.say import say
from handoff import people, threads, verdicts
from handoff.database import Database
from handoff.marks import SPAM
from handoff.models import Agent, Case, Customer, Message, OptIn, Promise, Thread
from handoff.verdicts import Verdict

LATELY = timedelta(hours=1)
"""A question that comes later than this after the close puzzles more than it helps. A rule of ours, not measured."""


class AskSolved:
    """Looks for cases to ask about. `undo`: how long a close can be taken back together with its reply."""

    def __init__(self, database: Database, brand: str, undo: timedelta) -> None:
        self._database, self._brand, self._undo = database, brand, undo

    async def all(self) -> None:
        """Ask about every case that is due."""
        while await self._next():
            pass

    async def _next(self) -> bool:
        async with self._database.transaction("ask.solved") as session:
            return await _ask_next(session, self._brand, self._undo)


def answer(text: str, language: str) -> bool | None:
    """What a line says of it: yes, no, or neither, in the language of the thread or in English."""
    for spoken in (language, "en"):
        if _plain(text) in (_plain(say("yes", spoken)), _plain(say("yes_solved", spoken))):
            return True
        if _plain(text) in (_plain(say("no", spoken)), _plain(say("no_not_solved", spoken))):
            return False
    return None


async def _ask_next(session: AsyncSession, brand: str, undo: timedelta) -> bool:
    """`False`: there is none to ask about."""
    found = (await session.execute(_due(undo).order_by(Case.closed_at).limit(1))).first()
    if found is None:
        return False
    case_id, thread_id, account = found
    await people.promise(session, account)  # a STOP waits for us, or we for it
    thread = await threads.locked(session, thread_id)
    still = (await session.execute(_due(undo).where(Case.id == case_id))).first()
    if still is None or not await verdicts.ask(session, case_id):
        return True
    agent = await session.scalar(select(Agent.name).join(Case, Case.closed_by == Agent.id).where(Case.id == case_id))
    text = say("ask_solved", thread.language, agent=agent, brand=brand)
    buttons = (say("yes_solved", thread.language), say("no_not_solved", thread.language))
    await threads.append(session, thread, "event", "bot", text, buttons=buttons, delivery="pending")
    return True


def _due(undo: timedelta) -> Select[int, int, str]:
    """Cases that an agent closed lately, of threads that are over and of customers who may be written to.

    None of whose last words is still on its way: as long as it is, its agent may take it and the close back.
    """
    later, now = aliased(Case), func.clock_timestamp()
    closed = (Case.closed_by.is_not(None), Case.closed_at <= now - undo, Case.closed_at > now - LATELY)
    serious = ~Case.tags.contains([SPAM])
    newest = ~exists().where(later.thread_id == Case.thread_id, later.id > Case.id)
    asked = exists().where(Verdict.case_id == Case.id)
    unsaid = (Message.by == "agent", Message.delivery.in_(("pending", "failed")), Message.written_at > Case.opened_at)
    may_talk = Promise.stopped_at.is_(None) | (Promise.stopped_at < OptIn.at)
    query = select(Case.id, Thread.id, Customer.account).join(Case.thread).join(Thread.customer)
    query = query.join(OptIn, OptIn.thread_id == Thread.id).join(Promise, Promise.account == Customer.account)
    over = (Thread.ended_why == "closed", Customer.external_id.is_not(None), may_talk)
    return query.where(*closed, *over, serious, newest, ~asked).where(
        ~exists().where(Message.thread_id == Thread.id, *unsaid)
    )


def _plain(text: str) -> str:
    """Without case, accents and signs."""
    folded = unicodedata.normalize("NFKD", text[:100].casefold())
    letters = (letter if letter.isalnum() else " " for letter in folded if not unicodedata.combining(letter))
    return " ".join("".join(letters).split())
