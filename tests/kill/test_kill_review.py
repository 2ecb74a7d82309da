"""SIGKILL while lines are read for the review: none is read twice or left unread, and no guess gets lost."""

import asyncio

import pytest
from sqlalchemy import select, text

from handoff import utterances
from handoff.models import Agent, Message
from tests.kill.test_kill import ALL_HEARD, SETTLED, World, world

__all__ = ["world"]

POINTS = [
    f"{name}: {when} {what}"
    for name, what in (
        ("understand.parse", "call"),
        ("understand.unread", "commit"),
        ("understand.obey", "commit"),
        ("understand.tidy", "commit"),
    )
    for when in ("before", "after")
]


@pytest.mark.parametrize("scenario", ["story"])
@pytest.mark.parametrize("failpoint", POINTS)
async def test_killed_while_it_reads_what_an_agent_called_wrong(world: World, scenario: str, failpoint: str) -> None:
    async with world.bot():
        await world.until(SETTLED)
        await world.until(ALL_HEARD)
        await world.until("SELECT count(*) > 0 FROM utterances")
    async with world.database.transaction("tests") as session:
        ana = Agent(email="ana@northwind.example", name="Ana", password_hash="-")
        session.add(ana)
        await session.flush()
        await session.execute(text("DELETE FROM utterances"))
        line = (await session.scalars(select(Message).where(Message.by == "customer", Message.kind == "chat"))).first()
        assert line is not None
        await utterances.mark_wrong(session, line.thread_id, line.id, ana, "refund")
    async with world.bot(f"{failpoint}#1") as process:
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -9, f"it never came to {failpoint}"
    async with world.bot():
        await world.until("SELECT count(*) = 1 FROM utterances WHERE understood_at IS NOT NULL AND hint = 'refund'")
    assert await world.value("SELECT count(*) FROM utterances") == 1
