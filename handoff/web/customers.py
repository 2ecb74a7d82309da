"""/customers/<id>: a person with all their accounts, what they agreed to, their threads; and who is one with whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from handoff import deeds, errors, matches, persons, threads
from handoff.api.customers import stopped_among
from handoff.models import Agent, Case, Customer, Thread
from handoff.receipts import PURPOSES, Purpose, Receipt
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAnswering, MeLeading, Site
from handoff.web.witness import address

router = APIRouter(prefix="/customers/{customer_id}")

CustomerId = Annotated[int, Path(ge=1, le=2**62)]
Other = Annotated[int, Form(ge=0, le=2**62)]

MOST_THREADS = 50
"""Threads of one account that the page shows, the newest."""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer of a person: one account on one channel, with what is only theirs."""

    customer: Customer
    stopped: bool
    consents: Sequence[tuple[Purpose, Receipt | None]]
    """The newest turn of each consent, in whichever thread; `None`: it never was given."""
    threads: Sequence[Case]
    """Each by its newest case, the newest first."""


@router.get("")
async def person(
    request: Request,
    here: Here,
    me: MeAnswering,
    customer_id: CustomerId,
    q: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """The page. Who reads it leaves a trace."""
    page = await _page(here, me, customer_id, q)
    async with here.database.transaction("inbox.read customer") as session:
        await deeds.write_reading_customer(session, me, customer_id, address(request))
    return page


@router.post("/merge")
async def merge(here: Here, me: MeLeading, customer_id: CustomerId, other: Other = 0) -> Response:
    """Hold this customer and another for one person."""
    try:
        async with here.database.transaction("inbox.merge") as session:
            deeds.tell(session, f"customer {other}")
            await persons.merge(session, customer_id, other, me)
    except errors.NotTwo as error:
        return await _page(here, me, customer_id, problem=error.sentence, status=409)
    return RedirectResponse(f"/customers/{customer_id}", 303)


@router.post("/unmerge")
async def unmerge(here: Here, me: MeLeading, customer_id: CustomerId, back: Other = 0) -> Response:
    """Take this customer out of the person again; `back`: whose page it was done on."""
    async with here.database.transaction("inbox.unmerge") as session:
        await persons.known(session, customer_id)
        await persons.unmerge(session, customer_id, me)
    return RedirectResponse(f"/customers/{back or customer_id}", 303)


async def _page(
    here: Site, me: Agent, customer_id: int, words: str = "", *, problem: str = "", status: int = 200
) -> HTMLResponse:
    async with here.database.reading() as session:
        customer = await persons.known(session, customer_id)
        ids = (await persons.of(session, [customer_id]))[customer_id]
        values = {
            "accounts": await _accounts(session, ids),
            "merges": await persons.merges(session, ids),
            "suggested": await matches.suggested(session, customer_id),
            "found": await matches.named(session, words, but=customer_id),
            "rail": await rail_of(session, me),
        }
    shown = {"customer": customer, "words": words.strip(), "problem": problem}
    return here.page("customers.html", status, me=me, place="customers", **shown, **values)


async def _accounts(session: AsyncSession, ids: Sequence[int]) -> Sequence[Account]:
    customers = (await session.scalars(select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id))).all()
    stopped = await stopped_among(session, customers)
    consents, cases = await _consents(session, ids), await _threads(session, ids)
    asked = [purpose for purpose in PURPOSES if purpose != "talk"]
    return [
        Account(
            one,
            one.account in stopped,
            [(purpose, consents.get((one.id, purpose))) for purpose in asked],
            cases.get(one.id, ()),
        )
        for one in customers
    ]


async def _consents(session: AsyncSession, ids: Sequence[int]) -> Mapping[tuple[int, str], Receipt]:
    """The newest turn of each consent that each of the customers ever gave."""
    query = select(Thread.customer_id, Receipt).join(Receipt, Receipt.thread_id == Thread.id)
    newest = query.ext(distinct_on(Thread.customer_id, Receipt.purpose)).where(Thread.customer_id.in_(ids), _left())
    turns = await session.execute(newest.order_by(Thread.customer_id, Receipt.purpose, Receipt.id.desc()))
    return {(customer_id, receipt.purpose): receipt for customer_id, receipt in turns}


async def _threads(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Sequence[Case]]:
    """The newest case of each thread, the newest threads of each of the customers."""
    theirs = (Thread.customer_id.in_(ids), _left())
    newest = select(func.max(Case.id)).join(Case.thread).where(*theirs).group_by(Case.thread_id)
    place = func.row_number().over(partition_by=Thread.customer_id, order_by=Case.opened_at.desc())
    placed = select(Case.id, place.label("place")).join(Case.thread).where(Case.id.in_(newest)).subquery()
    shown = select(placed.c.id).where(placed.c.place <= MOST_THREADS)
    query = select(Case).join(Case.thread).options(contains_eager(Case.thread)).where(Case.id.in_(shown))
    found: dict[int, list[Case]] = {}
    for one in await session.scalars(query.order_by(Case.opened_at.desc())):
        found.setdefault(one.thread.customer_id, []).append(one)
    return found


def _left() -> ColumnElement[bool]:
    """Of what was deleted at a customer's wish nothing is shown."""
    return Thread.ended_why.is_distinct_from(threads.ERASED)
