"""A thread as its customer may see it: this query is what keeps notes, drafts and other people's words in the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bot import end
from bot.pages.speak import _, amount, span
from handoff import attachments, cases, people, waits
from handoff.attachments import Attachment
from handoff.models import Case, Message, OptIn, Thread
from handoff.waits import Wait

NEWEST = 100
"""Messages that the page shows at first; the others are a link away."""

ALL = 5000


@dataclass(frozen=True, slots=True)
class View:
    """What the chat page shows. `who` answers now: the bot, a person, or nobody yet; `standing` says so in words."""

    thread_id: int
    language: str
    messages: Sequence[Message]
    files: Mapping[int, Sequence[Attachment]]
    """By the id of their message."""
    earlier: bool
    who: str
    standing: str
    agent: bool
    may_talk: bool
    asks: bool
    """Whether the customer is asked if it is solved."""
    solved: bool | None
    """What they said when they were asked."""

    @property
    def last_seq(self) -> int:
        """The number of the newest message shown."""
        return max((message.seq for message in self.messages), default=0)

    @property
    def buttons(self) -> Sequence[Any]:
        """The quick answers of the last message, which are gone as soon as anything follows it.

        To "was it solved?" the page has buttons of its own.
        """
        last = self.messages[-1] if self.messages and not self.asks else None
        return (last.buttons or ()) if last is not None and last.by == "bot" else ()


async def chat_of(session: AsyncSession, account: str) -> Thread | None:
    """The newest thread in which the customer of an account opted in."""
    customer = await people.find(session, account)
    if customer is None:
        return None
    query = select(Thread).join(OptIn).where(Thread.customer_id == customer.id)
    return (await session.scalars(query.order_by(Thread.id.desc()).limit(1))).first()


async def view(session: AsyncSession, thread: Thread, brand: str, most: int = NEWEST) -> View:
    """The newest `most` messages of a thread, as far as its customer may see them."""
    query = select(Message).where(Message.thread_id == thread.id, _for_the_customer())
    newest = query.order_by(Message.seq.desc()).limit(most + 1).options(joinedload(Message.agent))
    found = list(await session.scalars(newest))
    who, standing, agent = await _standing(session, thread, brand)
    may_talk, asks = await people.may_talk(session, thread), await end.asks(session, thread)
    in_order, earlier = _in_order(found[:most][::-1]), len(found) > most
    files = await attachments.of(session, in_order)
    return View(
        thread.id, thread.language, in_order, files, earlier, who, standing, agent, may_talk, asks, thread.solved
    )


async def attached(session: AsyncSession, thread: Thread, attachment_id: int) -> Attachment | None:
    """A file of a message that its customer may see, with its content."""
    query = attachments.whole(thread.id, attachment_id).join(Message, Message.id == Attachment.message_id)
    return (await session.scalars(query.where(_for_the_customer()))).one_or_none()


def _in_order(messages: Sequence[Message]) -> Sequence[Message]:
    """As it was said: public posts from before the chat come first, though we may have found them during it."""
    began = next((message.at for message in messages if message.kind != "post"), None)
    before = [message for message in messages if message.kind == "post" and (began is None or message.at < began)]
    after = [message for message in messages if message not in before]
    return [*sorted(before, key=lambda message: message.at), *after]


def _for_the_customer() -> ColumnElement[bool]:
    """The customer's own words, and what was delivered to them. A note has no delivery, by a constraint."""
    own = and_(Message.kind.in_(("post", "chat")), Message.by == "customer")
    delivered = and_(Message.kind.in_(("chat", "event")), Message.delivery == "sent")
    return or_(own, delivered)


async def _standing(session: AsyncSession, thread: Thread, brand: str) -> tuple[str, str, bool]:
    if thread.ended_at is not None:
        over = (
            _("This chat has ended.")
            if thread.ended_why == "stopped"
            else _("This chat has ended. Write, and it goes on.")
        )
        return brand, over, False
    if thread.speaker != "team":
        return brand, _("You are talking with a bot. Ask for a person at any time."), False
    query = select(Case).where(Case.thread_id == thread.id, Case.closed_at.is_(None)).options(joinedload(Case.claimer))
    case = (await session.scalars(query)).one_or_none()
    if case is not None and case.claimer is not None:
        return case.claimer.name, _("A person from %(brand)s is answering you.", brand=brand), True
    place = await cases.place_in_line(session, thread)
    standing = _("A person will answer here; you are number %(place)s in line.", place=amount(place))
    return brand, f"{standing} {lately(await waits.wait(session, thread.id))}".strip(), False


def lately(wait: Wait) -> str:
    """How long it took until a person answered, if the record knows."""
    if wait.usually is None:
        return ""
    return _("Lately it took about %(time)s.", time=span(max(wait.usually, timedelta(minutes=1))))
