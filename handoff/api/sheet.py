"""The lists as CSV, row by row, however long they are. No cell is taken for a formula by who opens it."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Query as FromQuery
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from handoff import reports
from handoff.api import cases, cursor, customers, shapes, threads
from handoff.api.gate import Record, Saying
from handoff.api.reports import Asked as AskedDays
from handoff.database import Database

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets take for the beginning of a formula (ASVS 5.0, 1.2.10; the wide ones are those of Japanese)."""

CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A table, its first row the names."}
}
MARK = "\ufeff"
"""Tells spreadsheets that this is UTF-8."""


class Sheet(StreamingResponse):
    """A table that a browser saves."""

    media_type = "text/csv"


router = APIRouter(tags=["CSV"], responses=CSV, default_response_class=Sheet)


@router.get("/threads.csv")
async def of_threads(record: Record, asked: Annotated[threads.Which, FromQuery()]) -> Sheet:
    """Save a list of threads."""
    return saved("threads", thread_lines(record, asked))


@router.get("/cases.csv")
async def of_cases(record: Record, say: Saying, asked: Annotated[cases.Which, FromQuery()]) -> Sheet:
    """Save a list of cases."""
    return saved("cases", case_lines(record, asked, say))


@router.get("/customers.csv")
async def of_customers(record: Record, asked: Annotated[customers.Which, FromQuery()]) -> Sheet:
    """Save a list of customers."""
    return saved("customers", customer_lines(record, asked))


@router.get("/reports/days.csv")
async def of_days(record: Record, asked: Annotated[AskedDays, FromQuery()]) -> Sheet:
    """Save a report, day by day."""
    return saved("days", day_lines(record, asked))


def saved(name: str, lines: AsyncIterator[str]) -> Sheet:
    """Lines as a file of that name."""
    return Sheet(lines, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


async def thread_lines(database: Database, which: threads.Which) -> AsyncIterator[str]:
    """Threads, without what was said."""
    yield _head(shapes.Thread)
    async for rows in cursor.everything(database, *threads.sought(which)):
        yield "".join(line(shapes.thread(row).model_dump().values()) for row in rows)


async def case_lines(database: Database, which: cases.Which, say: shapes.Say) -> AsyncIterator[str]:
    """Cases."""
    yield _head(shapes.Case)
    async for rows in cursor.everything(database, *cases.sought(which)):
        yield "".join(line(_case(shapes.case(row, say)).values()) for row in rows)


def _case(case: shapes.Case) -> dict[str, Any]:
    """A case as its cells: of each clock one word, and the seconds by which it was missed."""
    clocks = [f"{one.what} {one.outcome}{f' by {one.late} s' if one.late else ''}" for one in case.clocks]
    return case.model_dump() | {"clocks": clocks}


async def customer_lines(database: Database, which: customers.Which) -> AsyncIterator[str]:
    """Customers, and whether they said STOP."""
    yield _head(shapes.Customer)
    async for rows in cursor.everything(database, customers.sought(which), customers.NEWEST):
        async with database.reading() as session:
            told = await customers.told(session, rows)
        yield "".join(line(one.model_dump().values()) for one in told)


async def day_lines(database: Database, asked: AskedDays) -> AsyncIterator[str]:
    """Days."""
    yield _head(shapes.Day)
    async with database.reading() as session:
        found = await reports.days(session, *asked.days, asked.channel)
    for day in found:
        yield line(asdict(day).values())


def line(values: Iterable[Any]) -> str:
    """One row."""
    into = io.StringIO()
    csv.writer(into, quoting=csv.QUOTE_ALL).writerow([cell(value) for value in values])
    return into.getvalue()


def cell(value: Any) -> str:
    """A value as text, which begins no formula; numbers of ours stay numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, dict):
        value = "; ".join(f"{name}: {one}" for name, one in value.items())
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.lstrip(" ").startswith(FORMULA) else text


def _head(shape: type[BaseModel]) -> str:
    return MARK + line(shape.model_fields)
