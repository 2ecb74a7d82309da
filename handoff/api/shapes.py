"""What is answered: the record as other systems may see it. Times are RFC 3339, in UTC."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, Field

from handoff import attachments, clocks, models
from handoff.base import By, Delivery, Kind, Priority
from handoff.receipts import Purpose, Receipt
from handoff.targets import What
from nlu.contacts import masked, masked_detail

Time = Annotated[datetime, AfterValidator(lambda time: time.astimezone(UTC))]
ThreadState = Literal["bot", "team", "ended"]
CaseState = Literal["waiting", "claimed", "closed"]
Outcome = Literal["runs", "off", "met", "missed", "not_needed"]


class Message(BaseModel):
    """One entry of a thread. Where `deleted_at` is set the text is gone, and the entry still counts."""

    id: int
    seq: Annotated[int, Field(description="Its place in the thread, from 1.")]
    kind: Kind
    by: By
    agent: Annotated[str | None, Field(description="Email address of the agent who wrote it.")]
    author_name: str | None
    text: str
    at: Time
    edited_at: Time | None
    deleted_at: Time | None
    url: str | None
    delivery: Delivery | None


class Clock(BaseModel):
    """Something that is due on a case, and how it went."""

    what: What
    outcome: Annotated[Outcome, Field(description="`off`: there is no target; `not_needed`: closed before it was due.")]
    began_at: Time
    due_at: Time | None
    stopped_at: Time | None
    late: Annotated[int | None, Field(description="Seconds that count by which it was missed; 0 if it was met.")]


class Attachment(BaseModel):
    """A file of a message, without what is in it."""

    id: int
    message_id: int
    name: str
    type: Annotated[str | None, Field(description="Found by its content; null until it is here.")]
    size: Annotated[int, Field(description="Bytes.")]
    trouble: Annotated[str | None, Field(description="Why it is not here and never will be.")]
    at: Time


class Case(BaseModel):
    """A thread in human hands."""

    id: int
    thread_id: int
    state: CaseState
    priority: Priority
    tags: list[str]
    snoozed_until: Time | None
    reason: str
    summary: str
    intent: str | None
    confidence: float | None
    found: Annotated[dict[str, Any], Field(description="What triage found out, such as an order number.")]
    opened_at: Time
    first_reply_at: Time | None
    claimed_at: Time | None
    claimed_by: Annotated[str | None, Field(description="Email address of the agent.")]
    closed_at: Time | None
    due_at: Annotated[Time | None, Field(description="When the first of the clocks that run is due.")]
    clocks: list[Clock]


class Thread(BaseModel):
    """Everything said between one customer and us about one problem; in lists without the words."""

    id: int
    customer_id: int
    channel: str
    brand: str
    language: str
    state: Annotated[ThreadState, Field(description="Who has the floor, or `ended`.")]
    opened_at: Time
    changed_at: Time
    ended_at: Time | None
    ended_why: str | None
    solved: Annotated[bool | None, Field(description="What the customer said; null if they were not asked.")]
    last_seq: Annotated[int, Field(description="How many entries it has; the `seen_seq` of a reply.")]


class Consent(BaseModel):
    """One turn of one consent: what was given or taken back, and which wording was shown."""

    thread_id: int
    purpose: Purpose
    given: bool
    at: Time
    wording_version: str


class WholeThread(Thread):
    """A thread with everything said, in order, and its cases."""

    opted_in_at: Time
    messages: list[Message]
    cases: list[Case]


class Customer(BaseModel):
    """A person with a problem, on one channel, who opted in."""

    id: int
    channel: str
    external_id: Annotated[str | None, Field(description="Their account on the channel; gone when forgotten.")]
    handle: str | None
    name: str | None
    language: str
    stopped: Annotated[bool, Field(description="They said STOP: nothing may be sent to them.")]
    person_id: Annotated[int, Field(description="The same for all customers whom the team holds for one person.")]


class WholeCustomer(Customer):
    """A customer with their threads and every turn of every consent."""

    same_person: Annotated[list[int], Field(description="All customers who are this person, this one among them.")]
    thread_ids: list[int]
    consents: list[Consent]


class Done(BaseModel):
    """What a deed on a case led to."""

    case_id: int
    thread_id: int
    state: CaseState
    last_seq: int


class Written(BaseModel):
    """What was written. `last_seq` is the `seen_seq` of the next reply."""

    message_id: int
    thread_id: int
    seq: int
    last_seq: int


class Day(BaseModel):
    """What happened on one day (UTC)."""

    day: date
    mentions: Annotated[int, Field(description="Problems that were found in public.")]
    offers: Annotated[int, Field(description="Offers of help that were said.")]
    opened: Annotated[int, Field(description="Links of offers that were opened for the first time.")]
    opted_in: int
    cases: int
    solved: Annotated[int, Field(description="Threads that ended and of which the customer said: solved.")]
    first_reply_median: Annotated[float | None, Field(description="Seconds from the handoff to the first reply.")]
    first_reply_p90: float | None
    targets_met: Annotated[int, Field(description="First replies, next replies and closes that came in time.")]
    targets_missed: int
    late_median: Annotated[float | None, Field(description="Seconds that count by which half of the missed were late.")]


class Say(Protocol):
    """How words are put to who asks; see `handoff.api.gate`."""

    def __call__(self, text: str, detail: str = "", /) -> str:
        """A text, or the detail of a case that has this name."""


def plainly(text: str, detail: str = "", /) -> str:
    """As it was said."""
    return text


def masking(text: str, detail: str = "", /) -> str:
    """With addresses, phone numbers and cards masked."""
    return masked_detail(detail, text) if detail else masked(text)


def message(row: models.Message, say: Say = plainly) -> Message:
    """An entry, with its agent."""
    return Message(
        id=row.id,
        seq=row.seq,
        kind=row.kind,
        by=row.by,
        agent=row.agent.email if row.agent else None,
        author_name=row.author_name,
        text=say(row.text),
        at=row.at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        url=row.url,
        delivery=row.delivery,
    )


def attachment(row: attachments.Attachment) -> Attachment:
    """A file of a message."""
    values = {name: getattr(row, name) for name in ("id", "name", "size", "trouble", "at")}
    return Attachment(**values, message_id=row.message_id or 0, type=row.type or None)


def case_state(row: models.Case) -> CaseState:
    """What the times of a case say."""
    return "closed" if row.closed_at else "claimed" if row.claimed_by else "waiting"


def case(row: models.Case, say: Say = plainly) -> Case:
    """A case, with its claimer."""
    names = ("id", "thread_id", "priority", "tags", "reason", "summary", "intent", "confidence", "found")
    times = ("snoozed_until", "opened_at", "first_reply_at", "claimed_at", "closed_at", "due_at")
    values = {name: getattr(row, name) for name in (*names, *times)}
    by = row.claimer.email if row.claimer else None
    values |= {"summary": say(row.summary), "found": {name: say(str(value), name) for name, value in row.found.items()}}
    return Case(**values, state=case_state(row), claimed_by=by, clocks=list(map(clock, row.clocks)))


def clock(row: clocks.Clock) -> Clock:
    """A clock of a case."""
    values = {name: getattr(row, name) for name in ("what", "began_at", "due_at", "stopped_at", "late")}
    outcome: Outcome = "not_needed" if row.late is None else "missed" if row.late else "met"
    if row.stopped_at is None:
        outcome = "runs" if row.due_at else "off"
    return Clock(**values, outcome=outcome)


def thread(row: models.Thread) -> Thread:
    """A thread without its words."""
    return Thread(**_thread(row))


def whole_thread(row: models.Thread, say: Say = plainly) -> WholeThread:
    """A thread that was opted into, with everything."""
    agreed = row.opt_in.at if row.opt_in else row.opened_at
    messages, cases = [message(one, say) for one in row.messages], [case(one, say) for one in row.cases]
    return WholeThread(**_thread(row), opted_in_at=agreed, messages=messages, cases=cases)


def customer(row: models.Customer, stopped: bool, person_id: int) -> Customer:
    """A customer who opted in."""
    return Customer(**_customer(row), stopped=stopped, person_id=person_id)


def whole_customer(
    row: models.Customer, stopped: bool, same_person: list[int], thread_ids: list[int], receipts: list[Receipt]
) -> WholeCustomer:
    """A customer with their threads and consents."""
    names = ("thread_id", "purpose", "given", "at", "wording_version")
    consents = [Consent(**{name: getattr(one, name) for name in names}) for one in receipts]
    told = {"stopped": stopped, "person_id": same_person[0], "same_person": same_person}
    return WholeCustomer(**_customer(row), **told, thread_ids=thread_ids, consents=consents)


def _customer(row: models.Customer) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "channel", "external_id", "handle", "name", "language")}


def _thread(row: models.Thread) -> dict[str, Any]:
    names = ("id", "customer_id", "channel", "brand", "language", "solved", "last_seq")
    times = ("opened_at", "changed_at", "ended_at", "ended_why")
    state: ThreadState = "ended" if row.ended_at else "team" if row.speaker == "team" else "bot"
    return {name: getattr(row, name) for name in (*names, *times)} | {"state": state}
