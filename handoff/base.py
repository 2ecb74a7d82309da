"""The ground of the schema: the base class, the closed lists of words, and the kinds of column."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Identity, MetaData, String, TypeDecorator, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Speaker = Literal["nobody", "bot", "team"]
Kind = Literal["post", "offer", "chat", "note", "event"]
By = Literal["customer", "bot", "agent", "other"]
Delivery = Literal["pending", "sent", "failed", "withheld", "draft"]
OfferState = Literal["ready", "sending", "sent", "in_doubt", "human", "expired", "suppressed", "failed"]
AttemptState = Literal["intent", "sent", "not_sent", "in_doubt"]
Priority = Literal["low", "normal", "high", "urgent"]
Role = Literal["agent", "lead", "admin", "analyst"]


def clean(said: Any) -> Any:
    """The same without what PostgreSQL cannot keep: NUL characters go, half a surrogate pair becomes "?"."""
    match said:
        case str():
            return said.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        case Mapping():
            return {clean(key): clean(value) for key, value in said.items()}
        case list() | tuple():
            return [clean(one) for one in said]
        case _:
            return said


class Words(TypeDecorator[str]):
    """Text as people send it: whatever they type can be written down."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Clean it on its way in."""
        return clean(value)


class Json(TypeDecorator[Any]):
    """JSON as platforms send it; nothing is NULL."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Clean it on its way in."""
        return clean(value)


class Base(DeclarativeBase):
    """Times have a zone, JSON is JSONB, names of constraints follow one rule."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __mapper_args__ = {"eager_defaults": True}
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Words,
        dict[str, Any]: Json,
        list[Any]: Json,
        Speaker: String,
        Kind: String,
        By: String,
        Delivery: String,
        OfferState: String,
        AttemptState: String,
        Role: String,
    }


def identity() -> Mapped[int]:
    """A primary key that the database counts."""
    return mapped_column(BigInteger, Identity(), primary_key=True)


def now() -> Mapped[datetime]:
    """The moment of writing, by the database's clock."""
    return mapped_column(server_default=func.clock_timestamp())


def now_together() -> Mapped[datetime]:
    """As `now`, but one and the same moment in all such columns of a row."""
    return mapped_column(default=func.statement_timestamp(), server_default=func.clock_timestamp())


def one_of(column: str, kind: Any) -> CheckConstraint:
    """The column holds one of the words of a `Literal`."""
    values = ", ".join(f"'{value}'" for value in kind.__args__)
    return CheckConstraint(f"{column} IN ({values})", name=column)
