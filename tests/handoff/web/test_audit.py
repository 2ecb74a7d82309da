"""Who did what: written with the deed, never changed, and without a word of a customer."""

import csv
import io
import re

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from handoff import deeds, errors
from handoff.api.sheet import cell
from handoff.deeds import Deed, roughly
from tests.cast import ANA, BEN, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off

STORY = Story(author=NOOR)
REPLY = {"client_id": "client-id-1", "seen_seq": "99", "text": "A word to Mara"}


async def written(inbox: Inbox) -> list[Deed]:
    async with inbox.database.reading() as session:
        return list(await session.scalars(select(Deed).order_by(Deed.id)))


async def test_what_changes_something_is_a_deed_of_whoever_did_it(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    await ben.post(f"/inbox/{thread_id}/reply", data=REPLY)
    ben_id = inbox.people["Ben"].id
    assert [(one.what, one.agent_id, one.thread_id, one.address) for one in await written(inbox)] == [
        ("claim", ben_id, thread_id, "127.0.0.0/24"),
        ("reply", ben_id, thread_id, "127.0.0.0/24"),
    ]


async def test_what_was_refused_is_no_deed(inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ana.post(f"/inbox/{thread_id}/claim")
    assert (await ben.post(f"/inbox/{thread_id}/release")).status_code == 409
    assert [one.what for one in await written(inbox)] == ["claim"]


async def test_reading_a_case_that_is_not_ones_own_leaves_a_trace_once_an_hour(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    for _ in range(3):
        await ben.get(f"/inbox/{thread_id}")
    await ben.get("/inbox/999")
    assert [(one.what, one.thread_id) for one in await written(inbox)] == [("read", thread_id)]
    await ben.post(f"/inbox/{thread_id}/claim")
    other = await handed_off(inbox.database, STORY)
    await ben.post(f"/inbox/{other}/claim")
    await ben.get(f"/inbox/{other}")
    assert [one.what for one in await written(inbox)] == ["read", "claim", "claim"], "one's own case is no stranger's"


async def test_signing_in_and_out_are_deeds_and_say_how(inbox: Inbox) -> None:
    await inbox.hire(ANA)
    visitor = await inbox.visitor()
    await visitor.post("/login", data={"email": ANA.email, "password": "wrong password"})
    await visitor.post("/login", data={"email": ANA.email, "password": ANA.password})
    await visitor.post("/logout")
    ana_id = inbox.people["Ana"].id
    assert [(one.what, one.agent_id, one.about) for one in await written(inbox)] == [
        ("sign in", ana_id, "password"),
        ("sign out", ana_id, "this browser"),
    ]


async def test_no_token_and_no_word_of_anybody_gets_into_a_deed(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ana.post(f"/inbox/{thread_id}/reply", data=REPLY)
    found = re.search(r"/join/([\w-]+)", (await ana.post("/admin/invite", data={"role": "lead"})).text)
    assert found
    person = {"name": "Cleo", "email": "cleo@northwind.example", "password": "a long pass word"}
    await (await inbox.visitor()).post(f"/join/{found[1]}", data=person)
    kept = " ".join(f"{one.what} {one.about}" for one in await written(inbox))
    assert [one.what for one in await written(inbox)] == ["reply", "invite", "join", "sign in"]
    assert not [word for word in (found[1], "Mara", "word to", "cleo@", "charged") if word in kept]


@pytest.mark.parametrize("wish", ["UPDATE deeds SET what = 'nothing'", "DELETE FROM deeds", "TRUNCATE deeds"])
async def test_a_deed_is_never_changed_or_deleted(inbox: Inbox, wish: str) -> None:
    async with inbox.database.transaction("test.a deed") as session:
        deeds.write(session, "claim")
    async with inbox.database.reading() as session:
        with pytest.raises(DBAPIError, match="never changed or deleted"):
            await session.execute(text(wish))


async def test_the_log_is_narrowed_by_person_deed_thread_and_day(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await (await inbox.visitor(BEN)).post(f"/inbox/{thread_id}/claim")
    await ana.post("/admin/invite")
    ben_id = inbox.people["Ben"].id
    for query, shown in (
        ("", {"claim", "invite"}),
        (f"person={ben_id}", {"claim"}),
        ("deed=invite", {"invite"}),
        (f"thread={thread_id}", {"claim"}),
        ("day=2001-01-01", set()),
        ("person=x&day=nonsense&thread=" + "9" * 19, {"claim", "invite"}),
    ):
        page = (await ana.get(f"/admin/audit?{query}")).text
        assert set(re.findall(r"<td>(claim|invite)</td>", page)) == shown, query


async def test_the_table_for_a_spreadsheet_has_no_formula_and_taking_it_is_a_deed(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await ana.post("/me/name", data={"name": '=HYPERLINK("https://evil.example")'})
    answer = await ana.get("/admin/audit.csv?deed=change+name")
    assert answer.headers["content-disposition"] == 'attachment; filename="deeds.csv"'
    head, row = csv.reader(io.StringIO(answer.text))
    assert (head[1], row[1], row[3]) == ("who", '\'=HYPERLINK("https://evil.example")', "change name")
    assert (await written(inbox))[-1].what == "export deeds"


@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝＠", " ="])
def test_whatever_a_spreadsheet_would_compute_is_text(start: str) -> None:
    assert cell(f"{start}1") == f"'{start}1"
    assert cell("1") == "1"
    assert cell(None) == ""


@pytest.mark.parametrize(
    ("address", "place"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("nowhere", None), ("", None)],
)
def test_an_address_is_kept_as_a_place_and_not_as_a_person(address: str, place: str | None) -> None:
    assert roughly(address) == place


async def test_the_last_admin_stays_one_and_whoever_becomes_an_analyst_leaves_their_cases(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    alone = await ana.post(f"/admin/agents/{inbox.people['Ana'].id}/role", data={"role": "agent"})
    assert (alone.status_code, str(errors.LastAdmin.__doc__) in alone.text) == (409, True)
    await ana.post(f"/admin/agents/{inbox.people['Ben'].id}/role", data={"role": "analyst"})
    assert (await ben.post(f"/inbox/{thread_id}/claim")).status_code == 403, "at once, in every browser"
    assert "Unclaimed" in (await ana.get("/inbox")).text
    await ana.post(f"/admin/agents/{inbox.people['Ben'].id}/role", data={"role": "admin"})
    assert (await ben.post(f"/admin/agents/{inbox.people['Ana'].id}/role", data={"role": "agent"})).status_code == 303
    assert (await ana.get("/admin")).status_code == 403
