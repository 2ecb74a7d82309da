"""Half a sign-in: the password was right, the second factor is still to come. It lasts a few minutes."""

import json

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import errors
from handoff.credentials import Seal
from handoff.models import Agent
from handoff.tokens import digest

LASTS = 5 * 60
"""Seconds."""


def made(key: bytes, agent: Agent) -> str:
    """What the form carries, as only we can make it: who it is, and by which password."""
    return Seal(key, "half a sign-in").seal(json.dumps([agent.id, digest(agent.password_hash)]))


async def agent_of(session: AsyncSession, key: bytes, half: str) -> Agent:
    """Whose password was right a few minutes ago, and still is. Raises `TooLate`."""
    opened = Seal(key, "half a sign-in").open_fresh(half, LASTS)
    if opened is None:
        raise errors.TooLate
    agent_id, password = json.loads(opened)
    agent = await session.get(Agent, agent_id)
    if agent is None or agent.disabled_at is not None or digest(agent.password_hash) != password:
        raise errors.TooLate
    return agent
