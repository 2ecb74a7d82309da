"""What an agent does to a case, without scripts: forms and the pages they lead to."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from handoff.models import Case, Message, Promise
from tests.cast import NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import Story, handed_off


def form(page: httpx.Response, text: str) -> dict[str, str]:
    """What the composer on a page would send."""
    hidden = re.findall(r'name="(client_id|seen_seq)" value="([^"]+)"', page.text)
    return dict(hidden) | {"text": text}


async def messages(inbox: Inbox, **wanted: Any) -> list[Message]:
    async with inbox.database.reading() as session:
        return list(await session.scalars(select(Message).filter_by(**wanted).order_by(Message.id)))


async def case(inbox: Inbox) -> Case:
    async with inbox.database.reading() as session:
        return (await session.scalars(select(Case))).one()


async def test_the_whole_path_works_without_scripts(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}?view=waiting")
    claimed = await ben.post(f"/inbox/{thread_id}/claim?view=waiting")
    assert claimed.headers["location"] == f"/inbox/{thread_id}?view=waiting#end"
    answer = await ben.post(f"/inbox/{thread_id}/reply?view=mine", data=form(page, "I have started your refund."))
    assert answer.status_code == 303
    page = await ben.get(f"/inbox/{thread_id}?view=mine")
    assert "I have started your refund." in page.text
    assert "Sending…" in page.text
    assert (await ben.post(f"/inbox/{thread_id}/note", data=form(page, "Double capture, ref 88213"))).status_code == 303
    closed = await ben.post(f"/inbox/{thread_id}/close?view=mine")
    assert closed.headers["location"] == "/inbox?view=mine", "there is no next one"
    assert "It opens again when the customer writes" in (await ben.get(f"/inbox/{thread_id}")).text


async def test_closing_goes_on_with_the_next_case_of_the_tab(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    from_one = await handed_off(inbox.database)
    from_another = await handed_off(inbox.database, Story(author=NOOR))
    closed = await ben.post(f"/inbox/{from_one}/close?view=waiting")
    assert closed.headers["location"].startswith(f"/inbox/{from_another}?view=waiting")


async def test_i10_a_reply_waits_to_be_delivered_and_a_note_never_does(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/note", data=form(await ben.get(f"/inbox/{thread_id}"), "Just for us"))
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "For you"))
    waiting = await messages(inbox, delivery="pending")
    assert [message.text for message in waiting] == ["For you"]
    assert [(note.kind, note.delivery) for note in await messages(inbox, text="Just for us")] == [("note", None)]


async def test_the_same_reply_sent_again_is_said_once(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    reply = form(await ben.get(f"/inbox/{thread_id}"), "Once")
    answers = await asyncio.gather(*[ben.post(f"/inbox/{thread_id}/reply", data=reply) for _ in range(4)])
    assert {answer.status_code for answer in answers} == {303}
    assert len(await messages(inbox, text="Once")) == 1


async def test_replying_claims_a_waiting_case(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "Hello"))
    found = await case(inbox)
    assert found.claimed_by == inbox.people["Ben"].id
    assert found.first_reply_at is not None


async def test_two_who_reply_at_once_are_asked_before_the_second_goes_out(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    seen_by_both = await ana.get(f"/inbox/{thread_id}"), await ben.get(f"/inbox/{thread_id}")
    await ben.post(f"/inbox/{thread_id}/reply", data=form(seen_by_both[1], "From Ben"))
    await ben.post(f"/inbox/{thread_id}/release")
    page = await ana.post(f"/inbox/{thread_id}/reply", data=form(seen_by_both[0], "From Ana <3"))
    assert page.status_code == 409
    assert "Somebody replied after the last message you saw." in page.text
    assert "From Ana &lt;3</textarea>" in page.text, "the text is kept"
    assert "Send mine as well" in page.text
    assert "From Ben" in page.text
    assert not await messages(inbox, text="From Ana <3")
    assert (await ana.post(f"/inbox/{thread_id}/reply", data=form(page, "From Ana <3"))).status_code == 303
    assert len(await messages(inbox, text="From Ana <3")) == 1


async def test_what_a_colleague_has_claimed_is_theirs(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ana.post(f"/inbox/{thread_id}/claim")
    page = await ben.get(f"/inbox/{thread_id}")
    assert "Ana has claimed this case." in page.text
    for deed in ("claim", "release", "close"):
        refused = await ben.post(f"/inbox/{thread_id}/{deed}")
        assert refused.status_code == 409
        assert "A colleague has claimed this case." in refused.text
    refused = await ben.post(f"/inbox/{thread_id}/reply", data=form(page, "Me too"))
    assert refused.status_code == 409
    assert "Me too</textarea>" in refused.text
    assert (await ben.post(f"/inbox/{thread_id}/note", data=form(page, "Need help, Ana?"))).status_code == 303


async def test_two_who_claim_at_once_do_not_both_get_it(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    answers = await asyncio.gather(*[who.post(f"/inbox/{thread_id}/claim") for who in (ana, ben)])
    assert sorted(answer.status_code for answer in answers) == [303, 409]


async def test_an_admin_releases_what_a_colleague_has_claimed(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    assert (await ana.post(f"/inbox/{thread_id}/release")).status_code == 303
    assert (await case(inbox)).claimed_by is None


@pytest.mark.parametrize("kind", ["reply", "note"])
@pytest.mark.parametrize(("text", "sentence"), [("", "Write something first."), ("  \n ", "Write something first.")])
async def test_nothing_is_not_said(inbox: Inbox, ben: httpx.AsyncClient, kind: str, text: str, sentence: str) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.post(f"/inbox/{thread_id}/{kind}", data=form(await ben.get(f"/inbox/{thread_id}"), text))
    assert page.status_code == 422
    assert sentence in page.text


async def test_4096_characters_go_out_and_one_more_is_kept_on_the_page(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "é" * 4097))
    assert page.status_code == 422
    assert "too long for one message" in page.text
    assert "é" * 4097 in page.text
    lines = "é\r\n" * 2048
    assert (await ben.post(f"/inbox/{thread_id}/reply", data=form(page, lines))).status_code == 303
    assert (await messages(inbox, by="agent", kind="chat"))[0].text == ("é\n" * 2048).strip()


@pytest.mark.parametrize("text", ["😡🎉", "مرحبا، كيف يمكنني المساعدة؟", "  leading and trailing  "])
async def test_every_script_can_be_written_in(inbox: Inbox, ben: httpx.AsyncClient, text: str) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), text))
    assert [message.text for message in await messages(inbox, by="agent", kind="chat")] == [text.strip()]


async def test_a_reply_that_did_not_go_out_is_shown_and_can_be_tried_again(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "Hello"))
    async with inbox.database.transaction("test.failed") as session:
        failed = update(Message).where(Message.text == "Hello")
        await session.execute(failed.values(delivery="failed", due_at=None, tries=8, trouble="the chat is gone"))
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "Not sent: the chat is gone" in page
    again = re.search(r"/inbox/\d+/messages/\d+/again", page)
    assert again
    assert (await ben.post(again[0])).status_code == 303
    [message] = await messages(inbox, text="Hello")
    assert (message.delivery, message.tries, message.trouble) == ("pending", 0, None)
    await ben.post(again[0])
    assert len(await messages(inbox, text="Hello")) == 1


async def test_nothing_goes_out_after_a_stop(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}")
    async with inbox.database.transaction("test.stop") as session:
        await session.execute(update(Promise).values(stopped_at=func.clock_timestamp()))
    refused = await ben.post(f"/inbox/{thread_id}/reply", data=form(page, "One more thing"))
    assert refused.status_code == 409
    assert "said STOP" in refused.text
    assert not await messages(inbox, by="agent", kind="chat")


async def test_a_form_of_another_site_does_nothing(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await ben.post(f"/inbox/{thread_id}/claim", headers=evil)
    assert answer.status_code == 403
    assert (await case(inbox)).claimed_by is None


async def test_looking_changes_nothing(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    for deed in ("claim", "release", "close", "reply", "note"):
        assert (await ben.get(f"/inbox/{thread_id}/{deed}")).status_code in (404, 405)
    assert (await case(inbox)).claimed_by is None


@pytest.mark.parametrize(
    "broken", [{"client_id": "<b>"}, {"client_id": ""}, {"seen_seq": "x"}, {"seen_seq": "-1"}, {"seen_seq": str(2**40)}]
)
async def test_a_form_that_no_page_of_ours_has_is_refused(
    inbox: Inbox, ben: httpx.AsyncClient, broken: dict[str, str]
) -> None:
    thread_id = await handed_off(inbox.database)
    whole = form(await ben.get(f"/inbox/{thread_id}"), "Hello")
    assert (await ben.post(f"/inbox/{thread_id}/reply", data=whole | broken)).status_code == 422
