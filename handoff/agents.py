"""Who may sign in, and how: one-time invitations, passwords, and browsers that are signed in until they are not."""

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

from pwdlib import PasswordHash
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from handoff import cases, errors
from handoff.base import Role
from handoff.database import changed
from handoff.models import Agent, Case
from handoff.sign_ins import Invitation, SignIn
from handoff.tokens import digest

INVITATION = timedelta(hours=24)
IDLE = timedelta(hours=12)
"""A browser in which nobody did anything for so long is signed out: longer than a shift."""
LONGEST = timedelta(days=7)
"""After so long everybody signs in again."""
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200

_hashing = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
"""One hash takes 64 MiB and a quarter of a second: two at once, and the pages go on meanwhile."""

_verifying = asyncio.Semaphore(2 + 8)
"""Two passwords are verified while eight wait, two seconds at most; whoever comes then is asked to try again."""


async def hashed(password: str) -> str:
    """The Argon2id hash of a new password. Raises `PasswordTooShort`, `PasswordTooLong`."""
    if len(password) < SHORTEST_PASSWORD:
        raise errors.PasswordTooShort
    if len(password) > LONGEST_PASSWORD:
        raise errors.PasswordTooLong
    return await asyncio.get_running_loop().run_in_executor(_hashing, _hasher().hash, password)


async def invite(session: AsyncSession, *, role: Role = "agent", invited_by: Agent | None = None) -> str:
    """The token of a link by which one person becomes an agent, once, within a day."""
    token = secrets.token_urlsafe(32)
    expires = func.clock_timestamp() + INVITATION
    by = invited_by.id if invited_by else None
    session.add(Invitation(token_hash=digest(token), role=role, invited_by=by, expires_at=expires))
    return token


async def invitation(session: AsyncSession, token: str) -> Invitation:
    """The invitation of a link, locked. Raises `LinkIsOver`, whether it is used, expired or never was."""
    query = select(Invitation).where(
        Invitation.token_hash == digest(token),
        Invitation.used_at.is_(None),
        Invitation.expires_at > func.clock_timestamp(),
    )
    found = (await session.scalars(query.with_for_update())).one_or_none()
    if found is None:
        raise errors.LinkIsOver
    return found


async def join(session: AsyncSession, token: str, *, name: str, email: str, password_hash: str) -> Agent:
    """Use an invitation. Raises `LinkIsOver`, `AlreadyAnAgent`, `NotAnAddress`, `NameMissing`."""
    link = await invitation(session, token)
    agent = await create(session, email, name, password_hash, role=link.role)
    link.used_at = func.clock_timestamp()
    return agent


async def create(session: AsyncSession, email: str, name: str, password_hash: str, *, role: Role = "agent") -> Agent:
    """A new agent. Raises `AlreadyAnAgent`, `NotAnAddress`, `NameMissing`."""
    address, name = _address(email), _name(name)
    if await _by_address(session, address):
        raise errors.AlreadyAnAgent
    agent = Agent(email=address, name=name, password_hash=password_hash, role=role)
    session.add(agent)
    await session.flush()
    return agent


async def rename(session: AsyncSession, agent_id: int, name: str) -> None:
    """Let somebody be called otherwise. Raises `NameMissing`."""
    await session.execute(update(Agent).where(Agent.id == agent_id).values(name=_name(name)))


async def known(session: AsyncSession, email: str) -> Agent | None:
    """The agent with this address, unless they were shut out."""
    agent = await _by_address(session, email.strip().casefold())
    return agent if agent is not None and agent.disabled_at is None else None


async def authenticated(agent: Agent | None, password: str) -> Agent:
    """The agent, if this is their password. It takes long, so that no session may be open meanwhile.

    Raises `WrongSignIn`, for nobody as late as for somebody, and `TooManySignIns`.
    """
    if _verifying.locked():
        raise errors.TooManySignIns
    expected = agent.password_hash if agent else None
    async with _verifying:
        right = await asyncio.get_running_loop().run_in_executor(_hashing, _is_right, password, expected)
    if agent is None or not right:
        raise errors.WrongSignIn
    return agent


async def sign_in(session: AsyncSession, agent: Agent, browser: str | None, place: str | None = None) -> str:
    """The token (256 bits) for the cookie of a browser that is signed in from now on; `place`: roughly from where."""
    token, named = secrets.token_urlsafe(32), (browser or "")[:200] or None
    session.add(SignIn(token_hash=digest(token), agent_id=agent.id, browser=named, address=place))
    return token


async def change_password(session: AsyncSession, agent_id: int, password_hash: str, *, keep: str) -> None:
    """Set a new password, and sign out every browser but the one with the token `keep`."""
    await session.execute(update(Agent).where(Agent.id == agent_id).values(password_hash=password_hash))
    await sign_out_everywhere(session, agent_id, but=keep)


async def signed_in(session: AsyncSession, token: str) -> SignIn | None:
    """Who the cookie belongs to (`.agent`), if the sign-in still holds and the agent may still come in."""
    query = select(SignIn).join(SignIn.agent).where(_holds(), Agent.disabled_at.is_(None))
    query = query.where(SignIn.token_hash == digest(token)).options(joinedload(SignIn.agent))
    return (await session.scalars(query)).one_or_none()


async def all_signed_in(session: AsyncSession) -> dict[str, Agent]:
    """Everybody who is signed in, by the digests of their cookies."""
    query = select(SignIn.token_hash, Agent).join(SignIn.agent).where(_holds(), Agent.disabled_at.is_(None))
    return dict((await session.execute(query)).all())


def is_stale(found: SignIn) -> bool:
    """Whether it is time to write down again that somebody is there: once a minute is enough."""
    return datetime.now(UTC) - found.seen_at > timedelta(minutes=1)


async def seen(session: AsyncSession, token: str) -> None:
    """The agent did something in this browser: its idle time starts anew."""
    await session.execute(
        update(SignIn).where(SignIn.token_hash == digest(token), _holds()).values(seen_at=func.clock_timestamp())
    )


async def sign_out(session: AsyncSession, token: str) -> None:
    """Revoke one browser's sign-in."""
    await _revoke(session, SignIn.token_hash == digest(token))


async def sign_out_everywhere(session: AsyncSession, agent_id: int, *, but: str | None = None) -> None:
    """Revoke every sign-in of an agent, `but` the one with this token: whoever sits elsewhere is out at once."""
    others = SignIn.agent_id == agent_id
    await _revoke(session, others if but is None else others & (SignIn.token_hash != digest(but)))


async def revoke(session: AsyncSession, agent_id: int, sign_in_id: int) -> None:
    """Revoke one sign-in of an agent."""
    await _revoke(session, (SignIn.id == sign_in_id) & (SignIn.agent_id == agent_id))


async def standing(session: AsyncSession, agent_id: int) -> list[SignIn]:
    """The browsers in which an agent is signed in now, the last seen first."""
    query = select(SignIn).where(SignIn.agent_id == agent_id, _holds()).order_by(SignIn.seen_at.desc())
    return list(await session.scalars(query))


async def disable(session: AsyncSession, agent_id: int, by: Agent) -> None:
    """Shut somebody out at once, in every browser, and whoever they invited and who has not come yet.

    The cases they had wait again. Raises `NotYourself`, `LastAdmin`.
    """
    if agent_id == by.id:
        raise errors.NotYourself
    await _refuse_if_last_admin(session, agent_id)
    now = func.clock_timestamp()
    await session.execute(
        update(Agent).where(Agent.id == agent_id, Agent.disabled_at.is_(None)).values(disabled_at=now)
    )
    unused = (Invitation.invited_by == agent_id, Invitation.used_at.is_(None))
    await session.execute(update(Invitation).where(*unused).values(expires_at=now))
    await _release_all(session, agent_id, by)
    await sign_out_everywhere(session, agent_id)


async def change_role(session: AsyncSession, agent_id: int, role: Role) -> None:
    """Give somebody another role, from this commit on. Whoever cannot answer any more leaves their cases to others.

    Raises `LastAdmin`.
    """
    if role != "admin":
        await _refuse_if_last_admin(session, agent_id)
    agent = await session.get(Agent, agent_id, with_for_update=True)
    if agent is None or agent.role == role:
        return
    agent.role = role
    if not agent.may("answer"):
        await _release_all(session, agent_id, agent)
    changed(session, 0)


async def enable(session: AsyncSession, agent_id: int) -> None:
    """Let somebody in again; they sign in anew."""
    await session.execute(update(Agent).where(Agent.id == agent_id).values(disabled_at=None))


async def everybody(session: AsyncSession) -> list[Agent]:
    """All agents by name, those who were shut out last."""
    return list(await session.scalars(select(Agent).order_by(Agent.disabled_at.is_not(None), Agent.name)))


async def at_work(session: AsyncSession) -> list[Agent]:
    """All agents who may come in, by name."""
    return list(await session.scalars(select(Agent).where(Agent.disabled_at.is_(None)).order_by(Agent.name, Agent.id)))


async def _release_all(session: AsyncSession, agent_id: int, by: Agent) -> None:
    mine = select(Case.thread_id).where(Case.claimed_by == agent_id, Case.closed_at.is_(None)).order_by(Case.thread_id)
    for thread_id in list(await session.scalars(mine)):
        with suppress(errors.AlreadyClosed):  # closed in the meantime
            await cases.release(session, thread_id, by)


async def _refuse_if_last_admin(session: AsyncSession, agent_id: int) -> None:
    """Locks all admins, in one order, so that two of them cannot put each other out at once."""
    query = select(Agent.id).where(Agent.role == "admin", Agent.disabled_at.is_(None)).order_by(Agent.id)
    if list(await session.scalars(query.with_for_update())) == [agent_id]:
        raise errors.LastAdmin


async def _revoke(session: AsyncSession, which: ColumnElement[bool]) -> None:
    await session.execute(
        update(SignIn).where(which, SignIn.revoked_at.is_(None)).values(revoked_at=func.clock_timestamp())
    )
    changed(session, 0)


async def _by_address(session: AsyncSession, address: str) -> Agent | None:
    return (await session.scalars(select(Agent).where(Agent.email == address))).one_or_none()


def _holds() -> ColumnElement[bool]:
    now = func.clock_timestamp()
    return SignIn.revoked_at.is_(None) & (SignIn.seen_at > now - IDLE) & (SignIn.created_at > now - LONGEST)


def _address(email: str) -> str:
    address = email.strip().casefold()
    if len(address) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise errors.NotAnAddress
    return address


def _name(name: str) -> str:
    if not (said := " ".join(name.split())[:80]):
        raise errors.NameMissing
    return said


def _is_right(password: str, expected: str | None) -> bool:
    return _hasher().verify(password, expected or _nobody())


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    """The hash that a password is compared with when there is no such agent: it takes as long."""
    return _hasher().hash(secrets.token_urlsafe())
