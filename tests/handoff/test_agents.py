"""Who may sign in: invitations, passwords, and browsers that are signed in until they are not."""

import asyncio
from datetime import timedelta
from time import process_time

import pytest
from sqlalchemy import func, select, update

from handoff import agents, cases, errors
from handoff.database import Database
from handoff.models import Agent, Case
from handoff.sign_ins import Invitation, SignIn
from tests.cast import ANA, BEN, Colleague
from tests.handoff.web.story import handed_off

pytestmark = pytest.mark.timeout(60)


async def hire(database: Database, who: Colleague) -> Agent:
    password_hash = await agents.hashed(who.password)
    async with database.transaction("test.hire") as session:
        return await agents.create(session, who.email, who.name, password_hash, role=who.role)


async def signed_in(database: Database, agent: Agent) -> str:
    async with database.transaction("test.sign in") as session:
        return await agents.sign_in(session, agent, "a browser")


async def is_in(database: Database, token: str) -> bool:
    async with database.reading() as session:
        return await agents.signed_in(session, token) is not None


async def join(database: Database, token: str, email: str = BEN.email) -> Agent:
    async with database.transaction("test.join") as session:
        return await agents.join(session, token, name="  Ben  Okoro ", email=email, password_hash="hash")


async def test_an_invitation_makes_one_agent(database: Database) -> None:
    async with database.transaction("test.invite") as session:
        token = await agents.invite(session, role="admin")
    agent = await join(database, token, " BEN@Northwind.example ")
    assert (agent.name, agent.email, agent.is_admin) == ("Ben Okoro", "ben@northwind.example", True)
    with pytest.raises(errors.LinkIsOver):
        await join(database, token, "somebody@else.example")


async def test_an_invitation_is_over_after_a_day(database: Database) -> None:
    async with database.transaction("test.invite") as session:
        token = await agents.invite(session)
    async with database.transaction("test.a day later") as session:
        await session.execute(update(Invitation).values(expires_at=func.clock_timestamp() - timedelta(seconds=1)))
    with pytest.raises(errors.LinkIsOver):
        await join(database, token)


async def test_only_the_hash_of_a_link_and_of_a_cookie_is_kept(database: Database) -> None:
    ana = await hire(database, ANA)
    token = await signed_in(database, ana)
    async with database.transaction("test.invite") as session:
        link = await agents.invite(session, invited_by=ana)
    async with database.reading() as session:
        kept = [
            *await session.scalars(select(SignIn.token_hash)),
            *await session.scalars(select(Invitation.token_hash)),
        ]
    assert len(token) >= 43, "256 bits"
    assert all(len(each) == 64 for each in kept)
    assert not {token, link} & set(kept)


@pytest.mark.parametrize(
    ("email", "name", "refusal"),
    [
        ("ana@northwind.example", "Another Ana", errors.AlreadyAnAgent),
        ("ANA@northwind.example ", "Another Ana", errors.AlreadyAnAgent),
        ("no address", "Ben", errors.NotAnAddress),
        ("two@at@signs", "Ben", errors.NotAnAddress),
        ("ben@northwind.example", "  ", errors.NameMissing),
    ],
)
async def test_nobody_becomes_an_agent_twice_or_without_a_name(
    database: Database, email: str, name: str, refusal: type[errors.AgentError]
) -> None:
    await hire(database, ANA)
    with pytest.raises(refusal):
        async with database.transaction("test.create") as session:
            await agents.create(session, email, name, "hash")


@pytest.mark.parametrize(
    ("password", "refusal"), [("nine char", errors.PasswordTooShort), ("x" * 201, errors.PasswordTooLong)]
)
async def test_a_password_is_long_but_not_endless(password: str, refusal: type[errors.AgentError]) -> None:
    with pytest.raises(refusal):
        await agents.hashed(password)


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_after_the_same_work(
    database: Database,
) -> None:
    await hire(database, ANA)
    took = []
    for email, password in [(ANA.email, "wrong horse battery"), ("nobody@northwind.example", ANA.password)] * 3:
        async with database.reading() as session:
            began = process_time()
            with pytest.raises(errors.WrongSignIn):
                await agents.authenticated(await agents.known(session, email), password)
            took.append(process_time() - began)
    known, unknown = min(took[::2]), min(took[1::2])
    assert 0.4 < known / unknown < 2.5, f"a stranger can tell who is known: {known:.3f} s and {unknown:.3f} s of work"


async def test_the_right_password_signs_in(database: Database) -> None:
    ana = await hire(database, ANA)
    async with database.reading() as session:
        known = await agents.known(session, "Ana@Northwind.example")
    assert (await agents.authenticated(known, ANA.password)).id == ana.id


async def test_of_many_who_sign_in_at_once_some_are_asked_to_wait(database: Database) -> None:
    ana = await hire(database, ANA)
    tries = [agents.authenticated(ana, ANA.password) for _ in range(12)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [isinstance(outcome, errors.TooManySignIns) for outcome in outcomes] == [False] * 10 + [True] * 2
    assert (await agents.authenticated(ana, ANA.password)).id == ana.id


@pytest.mark.parametrize(("column", "limit"), [("seen_at", agents.IDLE), ("created_at", agents.LONGEST)])
async def test_a_sign_in_ends_when_idle_and_in_any_case_after_a_week(
    database: Database, column: str, limit: timedelta
) -> None:
    token = await signed_in(database, await hire(database, ANA))
    for age, still_in in [(limit - timedelta(minutes=1), True), (limit + timedelta(minutes=1), False)]:
        async with database.transaction("test.later") as session:
            await session.execute(update(SignIn).values({column: func.clock_timestamp() - age}))
        assert await is_in(database, token) is still_in


async def test_signing_out_ends_this_browser_and_no_other(database: Database) -> None:
    ana = await hire(database, ANA)
    here, elsewhere = await signed_in(database, ana), await signed_in(database, ana)
    async with database.transaction("test.sign out") as session:
        await agents.sign_out(session, here)
    assert (await is_in(database, here), await is_in(database, elsewhere)) == (False, True)


async def test_whoever_is_shut_out_is_out_at_once_and_their_cases_wait_again(database: Database) -> None:
    ana, ben = await hire(database, ANA), await hire(database, BEN)
    token = await signed_in(database, ben)
    thread_id = await handed_off(database)
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, ben)
    async with database.transaction("test.disable") as session:
        await agents.disable(session, ben.id, ana)
    assert not await is_in(database, token)
    async with database.reading() as session:
        assert await session.scalar(select(Case.claimed_by)) is None
        assert await agents.known(session, BEN.email) is None


async def test_nobody_comes_in_by_a_link_from_whoever_was_shut_out(database: Database) -> None:
    ana, ben = await hire(database, ANA), await hire(database, BEN)
    async with database.transaction("test.invite") as session:
        theirs, mine = [await agents.invite(session, role="admin", invited_by=admin) for admin in (ben, ana)]
    async with database.transaction("test.disable") as session:
        await agents.disable(session, ben.id, ana)
    with pytest.raises(errors.LinkIsOver):
        await join(database, theirs, "friend@of.ben")
    assert (await join(database, mine, "friend@of.ana")).is_admin


async def test_nobody_shuts_themselves_out(database: Database) -> None:
    ana = await hire(database, ANA)
    with pytest.raises(errors.NotYourself):
        async with database.transaction("test.disable") as session:
            await agents.disable(session, ana.id, ana)
