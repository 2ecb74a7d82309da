"""Lists page by page. A cursor names the last entry that was seen, so that new ones shift nothing."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import integration_errors
from handoff.database import Database

T = TypeVar("T")

MOST = 200
Id = Annotated[int, Field(ge=1, le=2**62)]


class Query(BaseModel):
    """What a list is asked for. What is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Paging(Query):
    """Where in a list one is."""

    cursor: Annotated[str, Field(max_length=200, description="`next` of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=MOST, description="Entries of one page.")] = 50


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: Annotated[str | None, Field(description="`cursor` of the next page; null on the last.")]


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: by these columns, whose values of a row `key` tells, in the form of `form`."""

    columns: Sequence[Any]
    key: Callable[[Any], tuple[Any, ...]]
    form: TypeAdapter[Any]
    descending: bool


def newest(column: Any) -> Order:
    """By id, the newest first."""
    return Order([column], lambda row: (row.id,), TypeAdapter(tuple[Id]), True)


def changes(changed: Any, column: Any, key: Callable[[Any], tuple[Any, ...]]) -> Order:
    """By the time of the change, the earliest first: what changes meanwhile comes again at the end."""
    return Order([changed, column], key, TypeAdapter(tuple[AwareDatetime, Id]), False)


async def read(
    session: AsyncSession, query: Select[Any], order: Order, shape: Callable[[Any], T], paging: Paging
) -> Page[T]:
    """One page. Raises `NoSuchCursor`."""
    rows, following = await _rows(session, query, order, paging)
    return Page[T](items=[shape(row) for row in rows], next=following)


async def everything(database: Database, query: Select[Any], order: Order) -> AsyncIterator[Sequence[Any]]:
    """Every page, each from a reading of its own: no transaction waits for who reads slowly."""
    paging = Paging(limit=MOST)
    while True:
        async with database.reading() as session:
            rows, following = await _rows(session, query, order, paging)
        yield rows
        if following is None:
            return
        paging = Paging(limit=MOST, cursor=following)


async def _rows(
    session: AsyncSession, query: Select[Any], order: Order, paging: Paging
) -> tuple[Sequence[Any], str | None]:
    if paging.cursor:
        here, last = tuple_(*order.columns), tuple_(*_opened(order, paging.cursor))
        query = query.where(here < last if order.descending else here > last)
    by = [column.desc() if order.descending else column for column in order.columns]
    found = (await session.scalars(query.order_by(*by).limit(paging.limit + 1))).unique().all()
    rows = found[: paging.limit]
    return rows, _closed(order, rows[-1]) if len(found) > len(rows) else None


def _closed(order: Order, row: Any) -> str:
    return base64.urlsafe_b64encode(order.form.dump_json(order.key(row))).rstrip(b"=").decode()


def _opened(order: Order, cursor: str) -> Any:
    try:
        return order.form.validate_python(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except (ValidationError, ValueError, RecursionError):
        raise integration_errors.NoSuchCursor from None
