"""What other systems can do in the name of an agent: claim, release, close, reply, note; each thing once."""

import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from handoff import cases
from handoff.answers import Answer
from handoff.deeds import Deed
from handoff.models import Case, Message
from tests.cast import ANA, BEN, YUKI, Colleague
from tests.handoff.api.conftest import Api, Post
from tests.handoff.web.story import handed_off


async def case_of(api: Api, thread_id: int) -> int:
    async with api.database.reading() as session:
        return (await session.scalars(select(Case.id).where(Case.thread_id == thread_id))).one()


async def said(api: Api, kind: str) -> int:
    async with api.database.reading() as session:
        query = select(func.count()).select_from(Message).where(Message.kind == kind, Message.by == "agent")
        return await session.scalar(query) or 0


async def test_a_case_is_claimed_released_and_closed_in_the_name_of_an_agent(
    api: Api, shop: httpx.AsyncClient, post: Post
) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    for deed, state in (("claim", "claimed"), ("release", "waiting"), ("close", "closed")):
        answer = await post(f"/cases/{case_id}/{deed}")
        assert (answer.status_code, answer.json()["state"]) == (200, state)
        assert (await shop.get(f"/cases/{case_id}")).json()["state"] == state
    answer = await post(f"/cases/{case_id}/claim")
    assert (answer.status_code, answer.json()["type"]) == (409, "/api#already-closed")


async def test_a_colleagues_case_is_not_taken_away(api: Api, post: Post) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    await post(f"/cases/{case_id}/claim")
    cleo = Colleague("Cleo", "cleo@northwind.example", "")
    await api.hire(cleo)
    for deed in ("claim", "release", "close"):
        answer = await post(f"/cases/{case_id}/{deed}", {"agent": cleo.email})
        assert answer.status_code == 409
        assert "A colleague has claimed this case" in answer.json()["detail"]


async def test_nothing_is_done_in_the_name_of_somebody_who_is_no_agent(api: Api, post: Post) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    answer = await post(f"/cases/{case_id}/claim", {"agent": "nobody@northwind.example"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/api#no-such-agent")


async def test_a_reply_waits_to_be_delivered_and_claims_the_case(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    thread_id = await handed_off(api.database)
    seen = (await shop.get(f"/threads/{thread_id}")).json()["last_seq"]
    body = {"agent": BEN.email, "text": "The second charge is on its way back.", "seen_seq": seen}
    answer = await post(f"/threads/{thread_id}/replies", body)
    assert answer.status_code == 201
    thread = (await shop.get(f"/threads/{thread_id}")).json()
    reply = next(one for one in thread["messages"] if one["id"] == answer.json()["message_id"])
    assert (reply["agent"], reply["delivery"], reply["kind"]) == (BEN.email, "pending", "chat")
    assert thread["cases"][0]["claimed_by"] == BEN.email


async def test_who_did_not_see_a_colleagues_reply_is_asked_to_read_it_first(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    first = await post(f"/threads/{thread_id}/replies", {"agent": BEN.email, "text": "Hello", "seen_seq": 99})
    case_id = await case_of(api, thread_id)
    await post(f"/cases/{case_id}/release")
    late = {"agent": ANA.email, "text": "Hello as well", "seen_seq": first.json()["seq"] - 1}
    answer = await post(f"/threads/{thread_id}/replies", late)
    assert (answer.status_code, answer.json()["type"]) == (409, "/api#somebody-replied")
    assert await said(api, "chat") == 1


async def test_a_note_is_for_the_team_alone(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    thread_id = await handed_off(api.database)
    answer = await post(f"/threads/{thread_id}/notes", {"agent": ANA.email, "text": "Refunded in the shop: R-77"})
    assert answer.status_code == 201
    newest = (await shop.get(f"/threads/{thread_id}/messages")).json()["items"][0]
    assert (newest["kind"], newest["delivery"], newest["agent"]) == ("note", None, ANA.email)


async def test_the_same_key_gets_the_same_answer_and_is_done_once(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    body = {"agent": BEN.email, "text": "Hello", "seen_seq": 99}
    first = await post(f"/threads/{thread_id}/replies", body, "key-of-the-reply")
    again = await post(f"/threads/{thread_id}/replies", body, "key-of-the-reply")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert await said(api, "chat") == 1


async def test_ten_at_once_with_one_key_are_one(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    body = {"agent": BEN.email, "text": "Hello", "seen_seq": 99}
    answers = await asyncio.gather(*(post(f"/threads/{thread_id}/replies", body, "one-key-for-all") for _ in range(10)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert await said(api, "chat") == 1


async def test_a_key_that_was_used_for_something_else_is_refused(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    await post(f"/threads/{thread_id}/notes", {"agent": BEN.email, "text": "One"}, "key-of-the-note")
    answer = await post(f"/threads/{thread_id}/notes", {"agent": BEN.email, "text": "Two"}, "key-of-the-note")
    assert (answer.status_code, answer.json()["type"]) == (422, "/api#key-used-for-something-else")
    assert await said(api, "note") == 1


async def test_what_was_refused_can_be_done_later_under_the_same_key(api: Api, post: Post) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    await post(f"/cases/{case_id}/claim", {"agent": ANA.email})
    assert (await post(f"/cases/{case_id}/claim", key="try-again-later")).status_code == 409
    await post(f"/cases/{case_id}/release", {"agent": ANA.email})
    assert (await post(f"/cases/{case_id}/claim", key="try-again-later")).status_code == 200


async def test_even_when_the_answer_was_forgotten_nothing_is_said_twice(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    body = {"agent": BEN.email, "text": "Hello", "seen_seq": 99}
    first = await post(f"/threads/{thread_id}/replies", body, "key-of-the-reply")
    async with api.database.transaction("test.two days") as session:
        for answer in await session.scalars(select(Answer)):
            await session.delete(answer)
    again = await post(f"/threads/{thread_id}/replies", body, "key-of-the-reply")
    assert again.json() == first.json()
    assert await said(api, "chat") == 1


async def test_no_answer_that_is_kept_holds_a_word_of_anybody(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    await post(f"/threads/{thread_id}/replies", {"agent": BEN.email, "text": "Dear Mara", "seen_seq": 99})
    await post(f"/cases/{await case_of(api, thread_id)}/close")
    async with api.database.reading() as session:
        kept = [answer.body for answer in await session.scalars(select(Answer))]
    assert len(kept) == 2
    assert all(isinstance(value, int) or value == "closed" for body in kept for value in (body or {}).values())


async def test_a_case_that_changed_after_it_was_read_stays_as_it_is(
    api: Api, shop: httpx.AsyncClient, post: Post
) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    tag = (await shop.get(f"/cases/{case_id}")).headers["ETag"]
    await post(f"/cases/{case_id}/claim", {"agent": ANA.email}, if_match=tag)
    answer = await post(f"/cases/{case_id}/release", {"agent": ANA.email}, if_match=tag)
    assert (answer.status_code, answer.json()["type"]) == (412, "/api#changed-meanwhile")
    fresh = (await shop.get(f"/cases/{case_id}")).headers["ETag"]
    assert (await post(f"/cases/{case_id}/release", {"agent": ANA.email}, if_match=fresh)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"agent": BEN.email, "text": "Hello", "colour": "red"},
        {"agent": BEN.email, "text": ""},
        {"agent": BEN.email, "text": "x" * (cases.LONGEST_REPLY + 1)},
        {"agent": BEN.email, "text": 7},
        {"agent": BEN.email},
        ["Hello"],
    ],
)
async def test_what_is_not_in_the_handbook_is_refused(api: Api, post: Post, body: object) -> None:
    thread_id = await handed_off(api.database)
    answer = await post(f"/threads/{thread_id}/notes", body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert await said(api, "note") == 0


async def test_what_is_to_be_done_needs_a_key(api: Api, shop: httpx.AsyncClient) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    answer = await shop.post(f"/cases/{case_id}/claim", json={"agent": BEN.email})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header.Idempotency-Key"


async def test_a_case_gets_tags_and_a_priority(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    case_id = await case_of(api, await handed_off(api.database))
    await post(f"/cases/{case_id}/tags", {"agent": BEN.email, "add": ["Refund", "VIP  customer"]})
    await post(f"/cases/{case_id}/tags", {"agent": BEN.email, "remove": ["REFUND"]})
    await post(f"/cases/{case_id}/priority", {"agent": BEN.email, "priority": "urgent"})
    found = (await shop.get("/cases", params={"tag": "vip CUSTOMER"})).json()["items"]
    assert [(one["tags"], one["priority"]) for one in found] == [(["vip customer"], "urgent")]
    assert (await post(f"/cases/{case_id}/priority", {"agent": BEN.email, "priority": "huge"})).status_code == 422
    assert (await post(f"/cases/{case_id}/tags", {"agent": BEN.email, "add": [" "]})).status_code == 422


async def test_what_was_done_is_in_the_audit_log_once_with_agent_and_integration(api: Api, post: Post) -> None:
    thread_id = await handed_off(api.database)
    case_id = await case_of(api, thread_id)
    for _ in range(2):
        await post(f"/cases/{case_id}/claim", key="key-of-the-claim")
    async with api.database.reading() as session:
        deeds = [(one.what, one.agent_id, one.thread_id, one.about) for one in await session.scalars(select(Deed))]
    assert deeds == [("claim", api.people["Ben"].id, thread_id, "integration 1")]


async def test_nothing_is_done_in_the_name_of_somebody_who_may_only_read(api: Api, post: Post) -> None:
    await api.hire(YUKI)
    case_id = await case_of(api, await handed_off(api.database))
    more: dict[str, dict[str, object]] = {"claim": {}, "tags": {"add": ["x"]}, "priority": {"priority": "low"}}
    for deed, fields in more.items():
        answer = await post(f"/cases/{case_id}/{deed}", {"agent": YUKI.email} | fields)
        assert (answer.status_code, answer.json()["type"]) == (422, "/api#no-such-agent")
