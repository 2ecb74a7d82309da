"""The talk with the bot: a line of the customer to Rasa, Rasa's answers into the thread, its result into a case.

No transaction is open while Rasa thinks: `claim` takes the thread, `think` asks Rasa, `settle` writes the answers.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.say import say
from handoff import cases, database, hands, threads
from handoff.base import Delivery
from handoff.failpoints import outside
from handoff.models import Customer, Message, Offer, OptIn, Thread
from nlu.rasa import Answer, Rasa, Turn, Understanding, seed, speaking
from nlu.triage_result import TriageResult

WAIT_AGAIN = timedelta(seconds=2)
PATIENCE_MID_TALK = timedelta(seconds=5)
"""How long a customer who is talking already waits for a Rasa that is down."""

MOST_POSTS = 5
"""Public posts that Rasa reads before the first word: so many calls fit into the lease."""

CLOSING_WORDS = frozenset({"thanks_solved", "affirm", "greet"})
"""Intents of a line after the end that asks for nothing."""

REASONS = {
    "asked": "asked for a person",
    "unsure": "the bot did not understand twice",
    "anger": "angry",
    "danger": "danger",
    "complete": "the bot has asked all it needed",
    "too_long": "the talk with the bot went on too long",
    "down": "the bot was not available",
    "language": "the bot does not speak the language",
    "quiet": "went quiet in the talk with the bot",
    "back": "wrote again after the end",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A thread in which the bot must do something now; `seq` and `line` are what the customer said, if anything."""

    thread_id: int
    account: str
    epoch: int
    heard_seq: int
    channel: str
    language: str
    post_id: str | None
    place: str | None
    posts: tuple[str, ...]
    talk: list[Any] | None
    seq: int | None
    line: str | None
    waited: timedelta
    came_back: bool
    """The talk was over once: what comes now is thanks, or more trouble."""

    @property
    def new_words(self) -> str:
        """What it is about now; empty where it is about what was said first."""
        return (self.line or "")[:200] if self.came_back else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a talk ends, whoever decided it: Rasa's result, or we without Rasa. No summary: the first words."""

    outcome: str
    reason: str
    summary: str = ""
    intent: str | None = None
    confidence: float | None = None
    found: dict[str, str] = field(default_factory=dict)
    heard: tuple[Understanding, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What triage may do by itself; see `bot.settings`."""

    brand: str
    languages: frozenset[str]
    turn: timedelta
    wait_for_rasa: timedelta
    quiet: timedelta


async def claim(session: AsyncSession, terms: Terms) -> Due | None:
    """Lease the thread that has waited longest for the bot."""
    query = (
        select(Thread)
        .where(Thread.speaker == "bot", Thread.ended_at.is_(None), Thread.due_at <= func.clock_timestamp())
        .order_by(Thread.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    thread = (await session.scalars(query)).first()
    if thread is None:
        return None
    due = await _look(session, thread)
    thread.due_at = func.clock_timestamp() + terms.turn
    return due


async def _look(session: AsyncSession, thread: Thread) -> Due:
    line = await _next_line(session, thread)
    since = line.written_at if line else (await session.get_one(OptIn, thread.id)).at
    offer = (await session.scalars(select(Offer).where(Offer.thread_id == thread.id))).one_or_none()
    said = select(Message.text).where(Message.thread_id == thread.id, Message.kind == "post", Message.by == "customer")
    return Due(
        thread_id=thread.id,
        account=(await session.get_one(Customer, thread.customer_id)).account,
        epoch=thread.epoch,
        heard_seq=thread.heard_seq,
        channel=thread.channel,
        language=thread.language,
        post_id=offer.post_id if offer else None,
        place=thread.place,
        posts=tuple(text for text in await session.scalars(said.order_by(Message.seq)) if text),
        talk=thread.talk,
        seq=line.seq if line else None,
        line=line.text if line else None,
        waited=await database.clock(session) - since,
        came_back=thread.talk is None and thread.heard_seq > 0,
    )


async def _next_line(session: AsyncSession, thread: Thread) -> Message | None:
    query = select(Message).where(
        Message.thread_id == thread.id, Message.kind == "chat", Message.by == "customer", Message.seq > thread.heard_seq
    )
    return (await session.scalars(query.order_by(Message.seq).limit(1))).first()


async def think(rasa: Rasa, terms: Terms, due: Due) -> Turn | Ending:
    """Ask Rasa. What it need not be asked about is decided here. Raises `RasaDown`."""
    if due.language not in terms.languages:
        return Ending("hand_off", "language", due.new_words)
    if due.came_back and due.line is not None:
        return await _came_back(rasa, due.line)
    if due.talk is None:
        return await _begin(rasa, due)
    if due.line is None:
        return Ending("hand_off", "quiet")
    async with outside("triage.converse"):
        return await rasa.converse(talk_of(due.thread_id), speaking(due.language, due.talk), due.line)


async def _begin(rasa: Rasa, due: Due) -> Turn:
    understood = []
    for text in due.posts[:MOST_POSTS] or ((due.line,) if due.line else ()):
        async with outside("triage.parse"):
            understood.append(await rasa.parse(text))
    async with outside("triage.begin"):
        turn = await rasa.begin(talk_of(due.thread_id), seed(understood, due.language))
    return replace(turn, heard=tuple(understood))


async def _came_back(rasa: Rasa, line: str) -> Ending:
    async with outside("triage.parse"):
        understood = await rasa.parse(line)
    if understood.intent in CLOSING_WORDS:
        return Ending("solved", "said_so", line, heard=(understood,))
    return Ending("hand_off", "back", line, understood.intent, understood.confidence, heard=(understood,))


def give_up(terms: Terms, due: Due) -> Ending | None:
    """What to do without Rasa: hand off once the customer has waited long enough, `None` to wait on."""
    patience = terms.wait_for_rasa if due.talk is None else PATIENCE_MID_TALK
    if due.language in terms.languages and due.waited < patience:
        return None
    return Ending("hand_off", "down", due.new_words)


def asks_to_stop(turn: Turn | Ending | None) -> bool:
    """Whether Rasa understood a STOP."""
    return isinstance(turn, Turn) and turn.result is not None and turn.result.outcome == "stop"


def talk_of(thread_id: int) -> str:
    """The name of a thread's talk in Rasa."""
    return f"thread-{thread_id}"


async def settle(session: AsyncSession, terms: Terms, due: Due, turn: Turn | Ending | None) -> str | None:
    """Write down what came of the turn; its outcome ("hand_off", "solved", "stop") if the talk is over.

    What the bot wrote under an older epoch is kept as a draft for the agent: a person speaks now. `None` as the turn:
    Rasa is not there yet, which the customer is told once.
    """
    thread = await threads.locked(session, due.thread_id)
    if thread.ended_why == threads.ERASED:
        return None
    if thread.epoch != due.epoch or thread.ended_at is not None:
        await _write_answers(session, thread, turn, "draft" if thread.speaker == "team" else "withheld")
        return None
    if (thread.heard_seq, thread.talk) != (due.heard_seq, due.talk):
        return None
    if turn is None:
        await _wait(session, terms, thread)
        return None
    said = await _write_answers(session, thread, turn, "pending")
    await _take_note(session, terms, thread, due, turn)
    ending = turn if isinstance(turn, Ending) else _ending(turn.result)
    if ending is None:
        return None
    await _finish(session, terms, thread, ending, told=bool(said))
    await _keep_said(session, thread)
    return ending.outcome


async def _wait(session: AsyncSession, terms: Terms, thread: Thread) -> None:
    thread.due_at = func.clock_timestamp() + WAIT_AGAIN
    text = say("getting_ready", thread.language, brand=terms.brand)
    await threads.append(
        session, thread, "chat", "bot", text, client_id=f"getting-ready-{thread.id}", delivery="pending"
    )


async def _keep_said(session: AsyncSession, thread: Thread) -> None:
    """What the bot said before it gave the thread away itself still goes out."""
    waiting = (Message.thread_id == thread.id, Message.by == "bot", Message.delivery == "pending")
    not_under_way = select(Message.id).where(*waiting).with_for_update(skip_locked=True)
    await session.execute(update(Message).where(Message.id.in_(not_under_way)).values(epoch=thread.epoch))


async def _write_answers(
    session: AsyncSession, thread: Thread, turn: Turn | Ending | None, delivery: Delivery
) -> list[Message]:
    answers: tuple[Answer, ...] = turn.answers if isinstance(turn, Turn) else ()
    said = []
    for answer in answers:
        buttons = [button.title for button in answer.buttons] if delivery == "pending" else ()
        said.append(
            await threads.append(session, thread, "chat", "bot", answer.text, buttons=buttons, delivery=delivery)
        )
    return [message for message in said if message is not None]


async def _take_note(session: AsyncSession, terms: Terms, thread: Thread, due: Due, turn: Turn | Ending) -> None:
    """Remember where the talk stands, what was heard, and when the bot looks at the thread again."""
    if isinstance(turn, Turn):
        thread.talk = turn.events
    began_with_posts = due.talk is None and bool(due.posts) and isinstance(turn, Turn)
    if due.seq is not None and not began_with_posts:
        thread.heard_seq = due.seq
    await session.flush()
    more = await _next_line(session, thread)
    thread.due_at = func.clock_timestamp() + (timedelta(0) if more else terms.quiet)


def _ending(result: TriageResult | None) -> Ending | None:
    if result is None:
        return None
    return Ending(result.outcome, result.reason, result.summary, result.intent, result.confidence, result.found)


async def _finish(session: AsyncSession, terms: Terms, thread: Thread, ending: Ending, *, told: bool) -> None:
    """`told`: Rasa said it in its own words already."""
    if ending.outcome == "hand_off":
        await _hand_off(session, terms, thread, ending, told)
    elif ending.outcome == "solved":
        if not told:
            await threads.append(session, thread, "chat", "bot", say("solved", thread.language), delivery="pending")
        await _end_unless_more(session, thread)


async def _end_unless_more(session: AsyncSession, thread: Thread) -> None:
    """The customer may have written on while the bot said goodbye."""
    thread.talk = None
    if await _next_line(session, thread) is None:
        await threads.end(session, thread, "solved")


async def _hand_off(session: AsyncSession, terms: Terms, thread: Thread, ending: Ending, told: bool) -> None:
    await cases.hand_off(
        session,
        thread,
        REASONS[ending.reason],
        ending.summary or await threads.first_words(session, thread),
        intent=ending.intent,
        confidence=ending.confidence,
        found=ending.found,
    )
    thread.talk = None
    place = await cases.place_in_line(session, thread)
    text = say("in_line" if told else "handed_off", thread.language, brand=terms.brand, place=place)
    if not await hands.somebody_is_here(session):
        text = f"{text} {say('nobody_here', thread.language)}"
    await threads.append(session, thread, "event", "bot", text, delivery="pending")
