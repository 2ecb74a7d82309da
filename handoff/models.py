"""The schema, in the order of the flow: from an update that came in to a case that an agent closes.

What no code may get wrong is a constraint here, or a trigger in the first migration.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from handoff.base import (
    AttemptState,
    Base,
    By,
    Delivery,
    Kind,
    OfferState,
    Priority,
    Role,
    Speaker,
    identity,
    now,
    now_together,
    one_of,
)
from handoff.roles import Right, may


class Update(Base):
    """What a channel handed us, written down before it is acknowledged. Once handled, only the id stays."""

    __tablename__ = "updates"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index("ix_updates_waiting", "id", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[int] = identity()
    channel: Mapped[str]
    external_id: Mapped[str]
    payload: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime] = now()
    handled_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None]


class Promise(Base):
    """What we promised an account: when we last offered, and its STOP. Only a keyed hash; nothing erases it."""

    __tablename__ = "promises"

    account: Mapped[str] = mapped_column(primary_key=True)
    problems: Mapped[int] = mapped_column(server_default="0")
    offered_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]


class Customer(Base):
    """A person with a problem, on one channel. Before an opt-in only the hash of the account outlives a day."""

    __tablename__ = "customers"

    id: Mapped[int] = identity()
    account: Mapped[str] = mapped_column(ForeignKey("promises.account"), unique=True)
    channel: Mapped[str]
    external_id: Mapped[str | None]
    handle: Mapped[str | None]
    name: Mapped[str | None]
    language: Mapped[str]
    created_at: Mapped[datetime] = now()


class Thread(Base):
    """Everything said between one customer and us about one problem.

    `speaker` may speak, as long as what it says carries the current `epoch`; the bot next acts at `due_at`.
    """

    __tablename__ = "threads"
    __table_args__ = (
        one_of("speaker", Speaker),
        CheckConstraint("speaker <> 'bot' OR ended_at IS NOT NULL OR due_at IS NOT NULL", name="bot_has_timer"),
        Index("uq_threads_open", "customer_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_threads_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_threads_changed", "changed_at"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    channel: Mapped[str]
    brand: Mapped[str]
    language: Mapped[str]
    place: Mapped[str | None]
    opened_at: Mapped[datetime] = now()
    changed_at: Mapped[datetime] = now()
    speaker: Mapped[Speaker] = mapped_column(server_default="nobody")
    epoch: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None]
    last_seq: Mapped[int] = mapped_column(server_default="0")
    heard_seq: Mapped[int] = mapped_column(server_default="0")
    """The last message of the customer that the bot has dealt with."""
    talk: Mapped[list[Any] | None]
    """Where the talk with Rasa stands: its events, which Rasa itself is not trusted to keep."""
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    solved: Mapped[bool | None]
    """What the customer said when they were asked, at the end."""
    gathered_at: Mapped[datetime | None]
    """When the public posts were last looked at in their place."""

    customer: Mapped[Customer] = relationship(lazy="raise")
    messages: Mapped[list["Message"]] = relationship(lazy="raise", order_by="Message.seq", back_populates="thread")
    opt_in: Mapped["OptIn | None"] = relationship(lazy="raise")
    offer: Mapped["Offer | None"] = relationship(lazy="raise")
    cases: Mapped[list["Case"]] = relationship(lazy="raise", order_by="Case.id", back_populates="thread")


class Message(Base):
    """One entry of a thread. `delivery` is set on what goes to the customer in private, and only on that."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("thread_id", "seq"),
        one_of("kind", Kind),
        one_of("by", By),
        one_of("delivery", Delivery),
        CheckConstraint("kind <> 'note' OR delivery IS NULL", name="note_stays_in_the_house"),
        CheckConstraint("delivery IS NULL OR kind IN ('chat', 'event')", name="delivery_is_private"),
        CheckConstraint("(by = 'agent') = (agent_id IS NOT NULL)", name="agent_has_a_name"),
        Index(
            "uq_messages_external",
            "thread_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_messages_pending", "due_at", postgresql_where=text("delivery = 'pending'")),
        Index("ix_messages_external_id", "external_id"),
        Index("ix_messages_account", "account", postgresql_where=text("account IS NOT NULL")),
    )

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    seq: Mapped[int]
    kind: Mapped[Kind]
    by: Mapped[By]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    author_name: Mapped[str | None]
    account: Mapped[str | None]
    text: Mapped[str]
    at: Mapped[datetime]
    written_at: Mapped[datetime] = now()
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    """When the author deleted it, or we forgot it: the text is gone, the entry stays and is counted."""
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    buttons: Mapped[list[Any] | None]
    client_id: Mapped[str | None] = mapped_column(unique=True)
    epoch: Mapped[int] = mapped_column(server_default="0")
    delivery: Mapped[Delivery | None]
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None]

    thread: Mapped[Thread] = relationship(lazy="raise", back_populates="messages")
    agent: Mapped["Agent | None"] = relationship(lazy="raise")


class Offer(Base):
    """Our one public reply. `problem` counts the problems of an account, so that each can be offered help once."""

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("account", "problem"),
        one_of("state", OfferState),
        Index("ix_offers_ready", "due_at", postgresql_where=text("state = 'ready'")),
        Index("ix_offers_unsettled", "state", postgresql_where=text("state IN ('sending', 'in_doubt')")),
    )

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), unique=True)
    account: Mapped[str] = mapped_column(ForeignKey("promises.account"))
    problem: Mapped[int]
    post_id: Mapped[str]
    place: Mapped[str | None]
    guest_query: Mapped[str | None]
    text: Mapped[str]
    label: Mapped[str]
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[OfferState] = mapped_column(server_default="ready")
    why: Mapped[str | None]
    created_at: Mapped[datetime] = now()
    due_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]

    thread: Mapped[Thread] = relationship(lazy="raise", back_populates="offer")
    attempts: Mapped[list["Attempt"]] = relationship(lazy="raise", order_by="Attempt.n")


class Attempt(Base):
    """One try to send an offer. The partial index is the guard: while one may have had an effect there is no other."""

    __tablename__ = "attempts"
    __table_args__ = (
        one_of("state", AttemptState),
        Index("uq_attempts_live", "offer_id", unique=True, postgresql_where=text("state <> 'not_sent'")),
        Index("ix_attempts_started_at", "started_at"),
    )

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[AttemptState] = mapped_column(server_default="intent")
    started_at: Mapped[datetime] = now()
    settled_at: Mapped[datetime | None]
    external_id: Mapped[str | None]
    evidence: Mapped[str | None]


class OptIn(Base):
    """The customer's yes: when, to which words, and how we know that it was the author."""

    __tablename__ = "opt_ins"

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    at: Mapped[datetime] = now()
    wording: Mapped[str]
    wording_version: Mapped[str]
    proof: Mapped[str]


class Case(Base):
    """A thread in human hands: waiting, claimed or closed, which is read from its times."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("priority", Priority),
        Index("uq_cases_open", "thread_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_due_at", "due_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        CheckConstraint("(claimed_at IS NULL) = (claimed_by IS NULL)", name="claimed_by_somebody"),
    )

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), index=True)
    reason: Mapped[str]
    summary: Mapped[str]
    intent: Mapped[str | None]
    confidence: Mapped[float | None]
    found: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    opened_at: Mapped[datetime] = now_together()
    first_reply_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    waiting_since: Mapped[datetime | None] = now_together()
    """Since when the customer waits for a word of ours; empty when the last word is ours."""
    priority: Mapped[Priority] = mapped_column(String, server_default="normal")
    snoozed_until: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    soon_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    """Of the clock that is due first."""

    thread: Mapped[Thread] = relationship(lazy="raise", back_populates="cases")
    if TYPE_CHECKING:
        clocks: Mapped[list[Any]]
    claimer: Mapped["Agent | None"] = relationship(lazy="raise", foreign_keys=[claimed_by])


class Agent(Base):
    """A person who answers customers, leads those who do, looks after Knock, or only reads: that is their role."""

    __tablename__ = "agents"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[int] = identity()
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[Role] = mapped_column(server_default="agent")
    created_at: Mapped[datetime] = now()
    disabled_at: Mapped[datetime | None]
    away_at: Mapped[datetime | None]
    """Since when they take no new cases, by their own word."""
    single_keys: Mapped[bool] = mapped_column(server_default="true")

    @property
    def is_admin(self) -> bool:
        """Whether they look after people and the bot."""
        return self.may("admin")

    def may(self, right: Right) -> bool:
        """Whether their role gives them this right."""
        return may(self.role, right)
