"""The admin page: agents, the day's posts, offers that wait for a person's word, and the square's reports."""

from datetime import UTC, datetime
from uuid import uuid4

import httpx
from sqlalchemy import func, select

from handoff import halts, members, spendings, square
from handoff.models import Attempt, Offer
from handoff.tallies import Tally
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, in_public


async def test_everybody_who_may_sign_in_is_listed(ana: httpx.AsyncClient, ben: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin")).text
    assert ANA.email in page
    assert BEN.email in page
    assert "Ana (you)" in page


async def test_an_admin_cannot_shut_themselves_out(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    answer = await ana.post(f"/admin/agents/{inbox.people['Ana'].id}/disable")
    assert answer.status_code == 409
    assert "Ask another admin" in answer.text
    assert (await ana.get("/admin")).status_code == 200


async def test_an_invitation_can_make_an_admin(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await ana.post("/admin/invite", data={"role": "admin"})).text
    path = page[page.index("/join/") :].split("<")[0]
    visitor = await inbox.visitor()
    await visitor.post(path, data={"name": "Cleo", "email": "cleo@northwind.example", "password": "a long pass word"})
    assert (await visitor.get("/admin")).status_code == 200


async def test_the_day_is_told_in_numbers(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    assert "No post has been seen today." in (await ana.get("/admin")).text
    async with inbox.database.transaction("test.tally") as session:
        session.add(Tally(day=func.current_date(), channel="telegram", outcome="said STOP", posts=12345))
        session.add(Tally(day=func.current_date(), channel="telegram", outcome="guard: violence", posts=2))
    page = (await ana.get("/admin")).text
    assert "said STOP" in page
    assert "12,345" in page
    assert "are about violence, where a bot keeps out" in page


async def test_an_offer_in_doubt_waits_for_a_person_who_looked(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    offer_id = await in_doubt(inbox)
    page = (await ana.get("/admin")).text
    assert "delivery unconfirmed" in page
    assert "Open the place" in page
    assert "charged twice" not in page, "what a stranger wrote is not ours to read"
    assert "mara" not in page.lower()
    assert (await ana.post(f"/admin/offers/{offer_id}/seen")).status_code == 303
    async with inbox.database.reading() as session:
        offer = await session.get_one(Offer, offer_id)
        attempt = (await session.scalars(select(Attempt).where(Attempt.offer_id == offer_id))).one()
    assert (offer.state, attempt.state, attempt.evidence) == ("sent", "sent", "seen by Ana")
    await ana.post(f"/admin/offers/{offer_id}/seen")
    assert "None. Every offer is known" in (await ana.get("/admin")).text


async def test_a_reported_post_is_removed_kept_or_its_writer_silenced(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    numbers = [await reported(inbox, text) for text in ("Buy <b>now</b>", "Fine", "Spam")]
    page = (await ana.get("/admin")).text
    assert "Buy &lt;b&gt;now" in page
    for number, deed in zip(numbers, ("remove", "keep", "silence"), strict=True):
        assert (await ana.post(f"/admin/square/{number}/{deed}")).status_code == 303
    page = (await ana.get("/admin")).text
    assert "Buy" not in page
    assert "Fine" not in page
    assert "silenced" in page
    assert (await ana.post(f"/admin/square/{numbers[0]}/remove")).status_code == 303, "gone already"
    assert (await ana.post(f"/admin/square/{numbers[2]}/explode")).status_code == 404


async def in_doubt(inbox: Inbox) -> int:
    await in_public(inbox.database, Story(is_offer_sure=False))
    async with inbox.database.reading() as session:
        return (await session.scalars(select(Offer.id))).one()


async def reported(inbox: Inbox, text: str) -> int:
    async with inbox.database.transaction("test.report") as session:
        member = await members.join(session, f"Somebody {uuid4().hex[:8]}", uuid4().hex)
        found = await square.post(session, member, text, key=uuid4().hex)
        await square.report(session, found.id)
        return found.id


async def test_a_channel_that_fell_silent_alarms_and_speaks_again_when_an_admin_says_so(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    assert "Speaking in public" not in (await ana.get("/admin")).text
    async with inbox.database.transaction("test.halt") as session:
        await halts.begin(session, "x", "X says <b>418</b>", None)
    page = (await ana.get("/admin")).text
    assert "Nothing is said on X" in page
    assert "X says &lt;b&gt;418&lt;/b&gt;" in page
    assert (await ben.post("/admin/channels/x/resume")).status_code == 403
    assert "Nothing is said on X" in (await ana.get("/admin")).text
    assert (await ana.post("/admin/channels/x/resume")).status_code == 303
    assert "Nothing is said on X" not in (await ana.get("/admin")).text


async def test_what_today_costs_is_shown(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    async with inbox.database.transaction("test.spend") as session:
        await spendings.reserve(session, datetime.now(UTC).date(), "x", "reply", 1234, 12_340_000, 10**9)
    page = (await ana.get("/admin")).text
    assert "1,234" in page
    assert "12.340" in page
