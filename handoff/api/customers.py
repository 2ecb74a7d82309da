"""/customers: people who opted in, and what they agreed to."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi import Query as FromQuery
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import errors, persons
from handoff.api import cursor, shapes, tag
from handoff.api.cursor import Page, Paging, Query
from handoff.api.gate import Record
from handoff.api.threads import Word
from handoff.models import Customer, OptIn, Promise, Thread
from handoff.receipts import Receipt

router = APIRouter(prefix="/customers", tags=["customers"])

NEWEST = cursor.newest(Customer.id)


class Which(Query):
    """Which customers."""

    channel: Word = None


class Asked(Which, Paging):
    """Which customers, and which page of them."""


@router.get("", response_model=Page[shapes.Customer])
async def listed(record: Record, asked: Annotated[Asked, FromQuery()]) -> Page[shapes.Customer]:
    """List customers."""
    async with record.reading() as session:
        page = await cursor.read(session, sought(asked), NEWEST, lambda row: row, asked)
        items = await told(session, page.items)
    return Page[shapes.Customer](items=items, next=page.next)


@router.get("/{customer_id}", response_model=shapes.WholeCustomer)
async def one(request: Request, record: Record, customer_id: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """Read one customer, with every turn of every consent."""
    async with record.reading() as session:
        found = (await session.scalars(sought(Which()).where(Customer.id == customer_id))).one_or_none()
        if found is None:
            raise errors.NoSuchCase
        agreed = select(Thread.id).join(OptIn).where(Thread.customer_id == customer_id).order_by(Thread.id)
        ids = list(await session.scalars(agreed))
        turns = select(Receipt).where(Receipt.thread_id.in_(ids)).order_by(Receipt.id)
        receipts = list(await session.scalars(turns))
        stopped = await stopped_among(session, [found])
        person = list((await persons.of(session, [customer_id]))[customer_id])
    return tag.answer(request, shapes.whole_customer(found, bool(stopped), person, ids, receipts))


def sought(which: Which) -> Select[Any]:
    """The customers that are asked for; only those who opted in."""
    query = select(Customer).where(_opted_in())
    return query if which.channel is None else query.where(Customer.channel == which.channel)


async def told(session: AsyncSession, rows: Sequence[Customer]) -> list[shapes.Customer]:
    """Customers as they are answered, each with the person whom they belong to."""
    stopped, person = await stopped_among(session, rows), await persons.of(session, [row.id for row in rows])
    return [shapes.customer(row, row.account in stopped, person[row.id][0]) for row in rows]


async def stopped_among(session: AsyncSession, rows: Sequence[Customer]) -> set[str]:
    """The accounts among them to which nothing may be sent: they said STOP, and did not opt in again."""
    again = exists().where(
        Thread.customer_id == Customer.id, OptIn.thread_id == Thread.id, OptIn.at > Promise.stopped_at
    )
    query = select(Promise.account).join(Customer, Customer.account == Promise.account)
    accounts = Promise.account.in_([row.account for row in rows])
    return set(await session.scalars(query.where(accounts, Promise.stopped_at.is_not(None), ~again)))


def _opted_in() -> ColumnElement[bool]:
    return exists().where(Thread.customer_id == Customer.id, OptIn.thread_id == Thread.id)
