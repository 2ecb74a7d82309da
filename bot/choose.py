"""What customers choose on their own page, once they are proven to be the author: each choice is one transaction."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import end, forget, stop
from bot.brand import Brand
from handoff import people, receipts, threads
from handoff.database import Database
from handoff.models import Thread
from handoff.receipts import Purpose


class WordingChanged(Exception):
    """The words have changed since the page was opened. Please read them again, then choose."""


class Choose:
    """The choices of one customer; `account` is the keyed hash that all that we know of them hangs on."""

    def __init__(self, database: Database, brand: Brand, account: str) -> None:
        self._database, self._brand, self._account = database, brand, account

    async def agree(self, purpose: Purpose, language: str, version: str) -> None:
        """Say yes to a purpose, in the words of that version and language. Raises `WordingChanged`.

        To "talk" nobody says yes here: a chat begins with its link.
        """
        wording = self._brand.consent.of(purpose).get(language)
        if wording is None or version != self._brand.consent.version:
            raise WordingChanged
        async with self._database.transaction("choose.agree") as session:
            thread = await self._thread(session)
            if thread is not None and purpose != "talk":
                shown = self._brand.consent_in(language, purpose)
                await receipts.turn(session, thread, purpose, True, shown, version)

    async def take_back(self, purpose: Purpose) -> None:
        """Take a yes back, in the words in which it was given, in every chat. For "talk" that is a STOP."""
        async with self._database.transaction("choose.take_back") as session:
            await people.promise(session, self._account)
            customer = await people.find(session, self._account)
            if customer is None or await threads.latest_opted_in(session, customer) is None:
                return
            if purpose == "talk":
                await stop.stop(session, self._account, "took the consent back", self._brand.name)
                return
            theirs = select(Thread.id).where(Thread.customer_id == customer.id).order_by(Thread.id)
            await session.execute(theirs.with_for_update())
            await receipts.take_back(session, customer, purpose)

    async def end(self) -> bool:
        """End the chat. `False`: none was open."""
        async with self._database.transaction("choose.end") as session:
            return await end.end(session, self._account)

    async def answer(self, solved: bool) -> bool:
        """Whether it is solved. `False`: nobody asked."""
        async with self._database.transaction("choose.answer") as session:
            return await end.answer(session, self._account, solved, self._brand.name)

    async def be_forgotten(self, external_id: str, *, stopped: bool) -> None:
        """Delete all that was said and all that is known of them; `stopped`: and never contact them again."""
        async with self._database.transaction("choose.be_forgotten") as session:
            await forget.hold(session, self._account)
            if stopped:
                await stop.stop(session, self._account, "page", self._brand.name)
            await forget.person(session, self._account, external_id)

    async def _thread(self, session: AsyncSession) -> Thread | None:
        await people.promise(session, self._account)
        customer = await people.find(session, self._account)
        return await threads.latest_opted_in(session, customer) if customer else None
