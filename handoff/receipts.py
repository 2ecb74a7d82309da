"""Consent receipts: what a customer agreed to or took back, in which words and when. They are only ever added."""

from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, identity, now, one_of

Purpose = Literal["talk", "link", "keep", "articles", "training"]
"""Talk to us; link the account to the customer record; keep the chat; use it for help articles; use it for training."""


class Receipt(Base):
    """One turn of one switch: the newest of a purpose holds."""

    __tablename__ = "receipts"
    __table_args__ = (one_of("purpose", Purpose), Index("ix_receipts_thread_id", "thread_id", "purpose", "id"))

    id: Mapped[int] = identity()
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    purpose: Mapped[Purpose] = mapped_column(String)
    given: Mapped[bool]
    at: Mapped[datetime] = now()
    wording: Mapped[str]
    wording_version: Mapped[str]
