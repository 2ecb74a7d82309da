"""Proof of authorship: the code that the author posts, and what becomes of the visit that waited for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Author, Post, PrivateMessage
from handoff import people, visits
from handoff.codes import codes_in
from handoff.models import Offer
from handoff.visits import Visit

WRONG = 10
"""Wrong codes from one account in `PATIENCE`, after which its codes are not looked at for as long."""

PATIENCE = timedelta(hours=1)

MOST_ACCOUNTS = 10_000
"""Accounts whose wrong codes are remembered, so that memory stays flat; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A visit that is being settled, and the offer that it is about."""

    visit: Visit
    offer: Offer


class Codes:
    """Reads codes in what people say, and remembers who says wrong ones: in memory, so each process by itself."""

    def __init__(self) -> None:
        self._wrong: dict[str, list[datetime]] = {}

    def __len__(self) -> int:
        return len(self._wrong)

    async def find(self, session: AsyncSession, account: str, said: Post | PrivateMessage) -> Visit | None:
        """The visit under way whose code is said here, whoever it is that says it."""
        codes = codes_in(said.text)
        if not codes or self.is_locked(account, said.at):
            return None
        found = await visits.by_codes(session, codes)
        if found is None:
            self.wrong(account, said.at)
        return found

    def is_locked(self, account: str, now: datetime) -> bool:
        """Whether the account has said too many wrong codes lately."""
        times = self._wrong.get(account, [])
        return len(times) == WRONG and times[-1] - times[0] <= PATIENCE and now < times[-1] + PATIENCE

    def wrong(self, account: str, now: datetime) -> None:
        """The account said a code that is nobody's, or another's."""
        self._wrong[account] = [*self._wrong.pop(account, []), now][-WRONG:]
        if len(self._wrong) > MOST_ACCOUNTS:
            del self._wrong[next(iter(self._wrong))]


def is_to(ours: str | None, said: Post | PrivateMessage) -> bool:
    """Whether it is said to us: in private, or with our handle in it (any, until the channel has told ours)."""
    handle = f"@{(ours or '').lstrip('@')}"
    return isinstance(said, PrivateMessage) or said.summons or handle.lower() in said.text.lower()


async def claim(session: AsyncSession, visit_id: int) -> Claimed | None:
    """A visit under way and its offer, the promise and the visit locked; `None` if it ended meanwhile."""
    offer = (await session.scalars(select(Offer).join(Visit).where(Visit.id == visit_id))).one_or_none()
    if offer is None:
        return None
    await people.promise(session, offer.account)
    visit = await visits.locked(session, visit_id)
    return Claimed(visit, offer) if visit else None


async def settle(session: AsyncSession, claimed: Claimed, author: Author, how: str, cookie: str = "") -> None:
    """The visit is the author's: their account is known by name from now on, and the browser by a new `cookie`."""
    await visits.prove(session, claimed.visit, how, cookie)
    customer = await people.find(session, claimed.offer.account)
    if customer is not None:
        customer.external_id = author.id
        customer.handle, customer.name = author.handle or customer.handle, author.name or customer.name
