"""A thread as its page shows it: three sections, what is attached, and what the agent may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import (
    attachments,
    cases,
    deeds,
    errors,
    histories,
    matches,
    people,
    receipts,
    reopenings,
    teams,
    threads,
    utterances,
)
from handoff.attachments import Attachment
from handoff.histories import History
from handoff.models import Agent, Case, Message, Thread
from handoff.receipts import PURPOSES, Purpose, Receipt
from handoff.teams import Team
from handoff.utterances import Utterance
from handoff.web import words


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the thread under a heading."""

    id: str
    title: str
    icon: str
    messages: list[Message]

    @property
    def said(self) -> int:
        """How many of its entries were said by somebody."""
        return sum(message.kind != "event" for message in self.messages)


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread that was handed off, for one agent."""

    thread: Thread
    me: Agent
    brand: str
    out_of_reach: errors.CaseError | None
    """Why no word can reach the customer."""
    receipts: Mapping[Purpose, Receipt]
    """The newest turn of each consent."""
    history: History
    files: Mapping[int, Sequence[Attachment]]
    """By the id of their message."""
    ways: Sequence[Thread]
    """Where the words of a reply that did not arrive could go instead: other channels of the same person."""

    may_open_again: bool
    """Whether somebody of the team can go on with it, though no case is open."""

    team: Team | None
    """Whose case it is, until somebody of them has it."""

    guesses: Mapping[int, Utterance]
    """What the model made of the customer's lines, by the id of the message."""

    unmasked: bool = False
    """Whether this agent has asked, just now, to see how the customer is reached."""

    @property
    def is_with_bot(self) -> bool:
        """Whether it was given back to the bot, which answers."""
        return self.case.closed_at is not None and threads.is_with_bot(self.thread)

    @property
    def is_erased(self) -> bool:
        """Whether the customer had everything deleted."""
        return self.thread.ended_why == threads.ERASED

    @property
    def consents(self) -> list[tuple[Purpose, Receipt | None]]:
        """Each consent and its newest turn; `None`: the customer was never asked, or never said yes."""
        return [(purpose, self.receipts.get(purpose)) for purpose in PURPOSES if purpose != "talk"]

    @property
    def case(self) -> Case:
        """The newest case: the one that the buttons are about."""
        return self.thread.cases[-1]

    @property
    def sections(self) -> list[Section]:
        """Public posts, the chat with the bot, and what was said since the first handoff."""
        parts = {"public": [], "bot": [], "team": []}  # type: dict[str, list[Message]]
        for message in self.thread.messages:
            parts[self._part(message)].append(message)
        return [
            Section("public", "Public posts", "megaphone", parts["public"]),
            Section("bot", "Chat with the bot", "bot", parts["bot"]),
            Section("team", "With our team", "users", parts["team"]),
        ]

    def _part(self, message: Message) -> str:
        if message.kind in ("post", "offer"):
            return "public"
        return "bot" if message.written_at < self.thread.cases[0].opened_at else "team"

    @property
    def attached(self) -> str:
        """The proof that the thread is whole: how many of its entries are here, and what became of the rest."""
        here, counted = len(self.thread.messages), self.thread.last_seq
        gone = [message for message in self.thread.messages if message.deleted_at is not None]
        back = sum(message.trouble == cases.TAKEN_BACK for message in gone)
        deleted = len(gone) - back
        fates = [f"{deleted} of them deleted by {'its author' if deleted == 1 else 'their authors'}"] if deleted else []
        fates += [f"{back} of them taken back before it went out"] if back else []
        whole = f"All {counted} entries" if here == counted else f"Only {here} of {counted} entries"
        return ", ".join([f"{whole} are attached", *fates])

    @property
    def is_whole(self) -> bool:
        """Whether every entry that the record ever counted is here."""
        return len(self.thread.messages) == self.thread.last_seq

    @property
    def may_talk(self) -> bool:
        """Whether we may write to the customer."""
        return not isinstance(self.out_of_reach, errors.Stopped)

    @property
    def obstacle(self) -> str | None:
        """Why this agent cannot reply now, as a sentence; `None` when nothing is in the way."""
        if self.thread.ended_why == threads.ERASED:
            return errors.Erased().sentence
        if self.out_of_reach is not None:
            return self.out_of_reach.sentence
        if self.case.closed_at is not None:
            sentence = threads.why_closed(self.thread).sentence
            return f"{sentence} Or open it again." if self.may_open_again and not self.is_with_bot else sentence
        if self.case.claimer is not None and self.case.claimed_by != self.me.id:
            return f"{self.case.claimer.name} has claimed this case. Leave a note, or ask them to release it."
        return None

    @property
    def earlier(self) -> list[Case]:
        """The closed cases before this one, the newest first."""
        return self.thread.cases[-2::-1]

    def speaker(self, message: Message) -> str:
        """The name over a message."""
        if message.by == "agent" and message.agent is not None:
            return message.agent.name
        if message.by == "bot":
            return f"{self.brand} bot"
        return words.named(self.thread) if message.by == "customer" else message.author_name or "Somebody else"

    def look(self, message: Message) -> str:
        """The class of a message: how it is drawn."""
        return message.kind if message.kind in ("note", "event") else message.by


async def thread_view(session: AsyncSession, me: Agent, brand: str, thread_id: int, unmasked: int = 0) -> ThreadView:
    """The page of a thread. Raises `NoSuchCase` unless the customer opted in and the thread was handed off.

    `unmasked`: the number of the deed by which the agent asked to see what is masked; 0 is none.
    """
    thread = await threads.whole(session, thread_id)
    if thread is None or thread.opt_in is None or not thread.cases:
        raise errors.NoSuchCase
    standing = await receipts.standing(session, thread_id)
    history = await histories.history(session, thread, thread.cases[-1])
    files = await attachments.of(session, thread.messages)
    failed = any(message.delivery == "failed" and message.by == "agent" for message in thread.messages)
    ways = await matches.other_ways(session, thread) if failed else []
    again = thread.cases[-1].closed_at is not None and await reopenings.obstacle(session, thread) is None
    team = (await teams.of_cases(session, [thread.cases[-1].id])).get(thread.cases[-1].id)
    obstacle = await people.out_of_reach(session, thread)
    shows = bool(unmasked) and await deeds.is_unmasked(session, me, thread_id, unmasked)
    guesses = await utterances.of_thread(session, thread_id)
    return ThreadView(thread, me, brand, obstacle, standing, history, files, ways, again, team, guesses, shows)
