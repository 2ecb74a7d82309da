"""People of the team, for tests of the record alone."""

import pytest

from handoff.database import Database
from handoff.models import Agent
from tests.cast import ANA, BEN, Colleague


async def hired(database: Database, who: Colleague) -> Agent:
    """Somebody of the team."""
    async with database.transaction("test.hire") as session:
        agent = Agent(email=who.email, name=who.name, password_hash="-", role=who.role)
        session.add(agent)
    return agent


@pytest.fixture
async def ana(database: Database) -> Agent:
    return await hired(database, ANA)


@pytest.fixture
async def ben(database: Database) -> Agent:
    return await hired(database, BEN)
