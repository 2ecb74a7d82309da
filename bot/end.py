"""The customer ends the chat, and says whether the problem is solved; what is not solved goes to the team again."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.say import say
from handoff import cases, clocks, database, hands, people, threads, verdicts
from handoff.models import Case, Customer, Thread

ENDED = "ended by the customer"
NOT_SOLVED = "not solved"
SOON = timedelta(hours=1)
"""Whoever ends the chat and finds it not solved again within this time has their case again, and no new one."""


async def end(session: AsyncSession, account: str) -> bool:
    """End the account's chat, and its open case with it; what waits to be sent is kept back. `False`: none was open.

    The customer begins it anew by writing.
    """
    customer, thread = await _chat(session, account)
    if customer is None or thread is None or thread.ended_at is not None:
        return False
    await threads.withhold(session, customer)
    await threads.append(session, thread, "event", "customer", "The customer ended the chat")
    await cases.end(session, thread, ENDED)
    return True


async def asks(session: AsyncSession, thread: Thread) -> bool:
    """Whether the customer is asked if it is solved: the chat has ended, and not by a STOP or by forgetting them."""
    if thread.ended_at is None or thread.ended_why == threads.ERASED:
        return False
    known = select(Customer.id).where(Customer.id == thread.customer_id, Customer.external_id.is_not(None))
    return await session.scalar(known) is not None and await people.may_talk(session, thread)


async def answer(session: AsyncSession, account: str, solved: bool, brand: str) -> bool:
    """Write down whether it is solved. If not, the team has the whole thread again. `False`: nobody asked."""
    customer, thread = await _chat(session, account)
    if customer is None or thread is None or not await asks(session, thread):
        return False
    if solved and not thread.solved:
        await threads.append(session, thread, "event", "customer", "The customer says that it is solved")
    thread.solved = solved
    await verdicts.say(session, thread, solved)
    if not solved:
        await threads.append(session, thread, "event", "customer", "The customer says that it is not solved")
        await _hand_off(session, customer, thread, brand)
    threads.touch(session, thread)
    return True


async def heard(session: AsyncSession, thread: Thread, account: str, solved: bool, brand: str) -> bool:
    """The same by a line of the chat, to the question that was asked there. `False`: that was not the question."""
    if not await verdicts.is_asked(session, thread) or not await answer(session, account, solved, brand):
        return False
    if solved:
        await threads.append(session, thread, "event", "bot", say("solved_thanks", thread.language), delivery="pending")
    return True


async def _chat(session: AsyncSession, account: str) -> tuple[Customer | None, Thread | None]:
    await people.promise(session, account)
    customer = await people.find(session, account)
    return customer, await threads.latest_opted_in(session, customer) if customer else None


async def _hand_off(session: AsyncSession, customer: Customer, thread: Thread, brand: str) -> None:
    newer = await threads.open_thread(session, customer)
    if newer is not None:  # help was offered for something else, but this is what they want help with
        await threads.end(session, newer, "came by themselves")
    last = select(Case).where(Case.thread_id == thread.id).order_by(Case.id.desc()).limit(1)
    case = (await session.scalars(last)).one_or_none()
    if case is not None and await _has_begun_again(session, case):
        return await _open_again(session, thread, case)
    summary = case.summary if case else await threads.first_words(session, thread)
    await cases.hand_off(
        session,
        thread,
        NOT_SOLVED,
        summary,
        intent=case.intent if case else None,
        confidence=case.confidence if case else None,
        found=case.found if case else None,
    )
    thread.talk = None
    place = await cases.place_in_line(session, thread)
    text = say("handed_off", thread.language, brand=brand, place=place)
    if not await hands.somebody_is_here(session):
        text = f"{text} {say('nobody_here', thread.language)}"
    await threads.append(session, thread, "event", "bot", text, delivery="pending")


async def _open_again(session: AsyncSession, thread: Thread, case: Case) -> None:
    threads.give_floor(thread, "team")
    thread.ended_at = thread.ended_why = None
    case.closed_at, case.waiting_since = None, await database.clock(session)
    await threads.append(session, thread, "event", "bot", "Open again: the same case, as it was closed by the customer")
    await clocks.measure(session, thread.id)


async def _has_begun_again(session: AsyncSession, case: Case) -> bool:
    """Whether the customer, and nobody of the team, has ended a chat that was not solved a short while ago."""
    is_young = case.opened_at > await database.clock(session) - SOON
    return case.reason == NOT_SOLVED and case.closed_by is None and is_young
