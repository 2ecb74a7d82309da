"""The composer without scripts: drafts, undo, saved replies, colleagues named in notes, and a sign-in that runs out."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, update

from handoff import cases, hands, saved_replies
from handoff.drafts import Draft
from handoff.mentions import Mention
from handoff.models import Case, Message
from handoff.sign_ins import SignIn
from tests.cast import ANA, BEN, YUKI
from tests.handoff.web.conftest import UNDO, Inbox
from tests.handoff.web.story import handed_off
from tests.handoff.web.test_writing import case, form, messages


async def all_of(inbox: Inbox, table: type) -> list[object]:
    async with inbox.database.reading() as session:
        return list(await session.scalars(select(table)))


def in_composer(page: httpx.Response) -> str:
    """What stands in the field."""
    found = re.search(r"<textarea id=\"text\"[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert found
    return found[1]


async def team_reply(inbox: Inbox, key: str, body: str) -> int:
    async with inbox.database.transaction("test.saved reply") as session:
        return (await saved_replies.save(session, None, key=key, title="A title", body=body)).id


async def test_a_draft_is_its_writers_alone_and_is_gone_when_it_is_sent(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    kept = await ben.post(f"/inbox/{thread_id}/draft", data={"mode": "reply", "text": "Half a\r\nsentence"})
    assert kept.status_code == 204
    assert in_composer(await ben.get(f"/inbox/{thread_id}")) == "Half a\nsentence"
    assert "sentence" not in (await ana.get(f"/inbox/{thread_id}")).text
    another = await inbox.visitor(BEN)
    assert in_composer(await another.get(f"/inbox/{thread_id}")) == "Half a\nsentence"
    await ana.post(f"/inbox/{thread_id}/claim")
    await ana.post(f"/inbox/{thread_id}/release")
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "A whole sentence"))
    assert in_composer(await ben.get(f"/inbox/{thread_id}")) == ""
    assert not await all_of(inbox, Draft)


async def test_an_emptied_draft_is_forgotten(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    for text in ("A", ""):
        await ben.post(f"/inbox/{thread_id}/draft", data={"mode": "note", "text": text})
    assert not await all_of(inbox, Draft)


async def test_a_reply_can_be_taken_back_until_it_is_on_its_way(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "Too quick"))
    [message] = await messages(inbox, text="Too quick")
    assert message.due_at is not None
    assert abs(message.due_at - message.written_at - timedelta(seconds=UNDO)) < timedelta(seconds=30)
    page = (await ben.get(f"/inbox/{thread_id}")).text
    undo = re.search(r"/inbox/\d+/messages/\d+/undo", page)
    assert undo
    assert (await ben.post(undo[0])).status_code == 303
    page_after = await ben.get(f"/inbox/{thread_id}")
    assert in_composer(page_after) == "Too quick"
    assert "Taken back before it was sent" in page_after.text
    assert not await messages(inbox, delivery="pending")
    assert (await case(inbox)).first_reply_at is None
    await ben.post(undo[0])
    assert in_composer(await ben.get(f"/inbox/{thread_id}")) == "Too quick", "a second click changes nothing"


async def test_what_is_on_its_way_cannot_be_taken_back(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "Gone"))
    [message] = await messages(inbox, text="Gone")
    undo = f"/inbox/{thread_id}/messages/{message.id}/undo"
    assert (await ana.post(undo)).status_code == 404, "it is Ben's"
    async with inbox.database.transaction("test.claim line") as session:
        await session.execute(update(Message).where(Message.id == message.id).values(tries=1))
    refused = await ben.post(undo)
    assert refused.status_code == 409
    assert "on its way already" in refused.text
    assert len(await messages(inbox, text="Gone", delivery="pending")) == 1


async def test_sending_and_closing_is_one_step_and_is_taken_back_as_one(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    said = form(await ben.get(f"/inbox/{thread_id}"), "All done")
    await ben.post(f"/inbox/{thread_id}/reply", data=said | {"then": "close"})
    assert (await case(inbox)).closed_at is not None
    [message] = await messages(inbox, text="All done")
    await ben.post(f"/inbox/{thread_id}/messages/{message.id}/undo")
    assert (await case(inbox)).closed_at is None


async def test_i12_a_saved_reply_is_put_in_with_its_values_filled(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    reply_id = await team_reply(
        inbox, "refund", "Hello {{customer}}, {{ Agent }} of {{brand}} here. It takes {{days}}."
    )
    page = await ben.get(f"/inbox/{thread_id}")
    assert "/refund · A title" in page.text
    filled = await ben.post(f"/inbox/{thread_id}/insert", data={"saved_reply": str(reply_id), "text": "Good morning."})
    words = "Good morning.\nHello Mara, Ben of Northwind here. It takes {{days}}."
    assert in_composer(filled) == words
    refused = await ben.post(f"/inbox/{thread_id}/reply", data=form(filled, words))
    assert refused.status_code == 422
    assert "There is still a {{…}} in your text" in refused.text
    assert in_composer(refused) == words, "the text is kept"
    assert not await messages(inbox, by="agent", kind="chat")
    listed = await ben.get(f"/inbox/{thread_id}/saved-replies")
    assert "Hello Mara, Ben of Northwind here." in listed.text


async def test_a_saved_reply_of_somebody_else_cannot_be_used_or_changed(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ana.post("/replies", data={"key": "/My Own", "title": "Ana's", "body": "From Ana"})
    [saved] = await all_of(inbox, saved_replies.SavedReply)
    reply_id = saved.id  # type: ignore[attr-defined]
    assert "/my-own" in (await ana.get("/replies")).text
    assert "From Ana" not in (await ben.get(f"/inbox/{thread_id}/saved-replies")).text
    taken = await ben.post(f"/inbox/{thread_id}/insert", data={"saved_reply": str(reply_id), "text": "Mine"})
    assert "From Ana" not in taken.text
    assert (await ben.post(f"/replies/{reply_id}/delete")).status_code == 303
    changed = await ben.post("/replies", data={"id": str(reply_id), "key": "x", "title": "x", "body": "x"})
    assert changed.status_code == 422
    assert [one.body for one in await all_of(inbox, saved_replies.SavedReply)] == ["From Ana"]  # type: ignore[attr-defined]
    assert (await ben.post("/admin/replies", data={"key": "x", "title": "x", "body": "x"})).status_code == 403
    await ana.post(f"/replies/{reply_id}/delete")
    assert not await all_of(inbox, saved_replies.SavedReply)


async def test_a_key_is_one_replys_and_a_reply_is_whole(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    whole = {"key": "refund", "title": "Refund", "body": "It is on its way"}
    assert (await ana.post("/admin/replies", data=whole)).status_code == 303
    again = await ana.post("/admin/replies", data=whole)
    assert (again.status_code, "Another saved reply has this key" in again.text) == (422, True)
    assert (await ana.post("/replies", data=whole)).status_code == 303, "one's own may have the team's key"
    missing = await ana.post("/admin/replies", data=whole | {"key": "other", "body": " "})
    assert "Fill in what is missing" in missing.text


async def test_a_note_names_colleagues(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    ana = await inbox.hire(ANA)
    thread_id = await handed_off(inbox.database)
    noted = form(await ben.get(f"/inbox/{thread_id}"), "@ana, can you look? And @Anabel, @Ben, mail@Ana")
    await ben.post(f"/inbox/{thread_id}/note", data=noted)
    [mention] = await all_of(inbox, Mention)
    assert (mention.agent_id, mention.thread_id) == (ana.id, thread_id)  # type: ignore[attr-defined]


async def test_a_reply_names_nobody(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await inbox.hire(ANA)
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/reply", data=form(await ben.get(f"/inbox/{thread_id}"), "Ask @Ana"))
    assert not await all_of(inbox, Mention)


async def test_a_case_is_given_to_a_colleague_who_is_told(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    ana = await inbox.hire(ANA)
    thread_id = await handed_off(inbox.database)
    assert 'value="give' not in (await ben.get(f"/inbox/{thread_id}")).text
    await ben.post(f"/inbox/{thread_id}/transfer", data={"to": str(ana.id)})
    assert (await case(inbox)).claimed_by == ana.id
    assert "Ben gave the case to Ana" in (await ben.get(f"/inbox/{thread_id}")).text
    assert [mention.agent_id for mention in await all_of(inbox, Mention)] == [ana.id]  # type: ignore[attr-defined]
    back = await ben.post(f"/inbox/{thread_id}/transfer", data={"to": str(inbox.people["Ben"].id)})
    assert (back.status_code, "A colleague has claimed this case" in back.text) == (409, True)


@pytest.mark.parametrize("to", ["0", "999"])
async def test_a_case_is_given_to_nobody_who_does_not_work_here(inbox: Inbox, ben: httpx.AsyncClient, to: str) -> None:
    thread_id = await handed_off(inbox.database)
    refused = await ben.post(f"/inbox/{thread_id}/transfer", data={"to": to})
    assert (refused.status_code, "Choose a colleague who works here" in refused.text) == (409, True)
    assert (await case(inbox)).claimed_by is None


async def test_the_thread_goes_back_to_the_bot(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    assert (await ben.post(f"/inbox/{thread_id}/give-back")).status_code == 303
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert "Ben gave the thread back to the bot" in page
    assert (await case(inbox)).closed_at is not None
    assert (await ben.post(f"/inbox/{thread_id}/give-back")).status_code == 409
    assert ("With the bot" in page, "The bot answers here now." in page, "when the customer writes" in page) == (
        True,
        True,
        False,
    )
    assert "With the bot" in (await ben.get("/inbox?view=closed")).text


async def test_a_thread_is_taken_back_from_the_bot_by_whoever_presses(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/give-back")
    assert "Take it back" in (await ben.get(f"/inbox/{thread_id}")).text
    assert (await ben.post(f"/inbox/{thread_id}/reopen")).status_code == 303
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert ("Ben took the thread back from the bot" in page, "Yours" in page, "Take it back" in page) == (
        True,
        True,
        False,
    )


async def test_a_closed_case_is_opened_again_by_whoever_presses(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id, yuki = await handed_off(inbox.database), await inbox.visitor(YUKI)
    await ben.post(f"/inbox/{thread_id}/close")
    assert "Open again" in (await ben.get(f"/inbox/{thread_id}")).text
    assert "Open again" not in (await yuki.get(f"/inbox/{thread_id}")).text, "who only reads opens nothing"
    assert (await ben.post(f"/inbox/{thread_id}/reopen")).status_code == 303
    page = (await ben.get(f"/inbox/{thread_id}")).text
    assert ("Ben opened the case again" in page, "Open again" in page) == (True, False)


async def test_a_sign_in_that_ran_out_while_writing_keeps_the_words(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    written = form(await ben.get(f"/inbox/{thread_id}"), "A long answer\r\nin two lines")
    async with inbox.database.transaction("test.a day later") as session:
        await session.execute(update(SignIn).values(seen_at=func.clock_timestamp() - timedelta(days=1)))
    answer = await ben.post(f"/inbox/{thread_id}/reply", data=written)
    assert answer.headers["location"] == f"/login?next=/inbox/{thread_id}"
    assert not await messages(inbox, by="agent", kind="chat")
    back = await inbox.visitor(BEN)
    assert in_composer(await back.get(f"/inbox/{thread_id}")) == "A long answer\nin two lines"


async def test_nobody_leaves_words_with_a_sign_in_that_was_ended(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    written = form(await ben.get(f"/inbox/{thread_id}"), "Not from Ben")
    cookies = dict(ben.cookies)
    await ben.post("/logout")
    ben.cookies.update(cookies)
    assert (await ben.post(f"/inbox/{thread_id}/reply", data=written)).status_code == 303
    assert not await all_of(inbox, Draft)


async def test_what_was_taken_back_is_no_reply_of_a_colleague(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    """The guard against a second reply looks at what was said, and this was not."""
    thread_id = await handed_off(inbox.database)
    page = await ben.get(f"/inbox/{thread_id}")
    ana = await inbox.hire(ANA)
    async with inbox.database.transaction("test.reply") as session:
        undo = timedelta(seconds=UNDO)
        said = await cases.reply(session, thread_id, ana, "Oops", client_id="oops-1234", seen_seq=99, undo=undo)
        assert said is not None
    async with inbox.database.transaction("test.undo") as session:
        await cases.take_back(session, thread_id, said.id, ana)
        await cases.release(session, thread_id, ana)
    assert (await ben.post(f"/inbox/{thread_id}/reply", data=form(page, "From Ben"))).status_code == 303


async def test_the_queue_gets_nothing_that_somebody_is_at_work_on(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    async with inbox.database.transaction("test.long ago") as session:
        await session.execute(update(Case).values(claimed_at=Case.claimed_at - timedelta(hours=2)))
        assert await hands.left_alone(session, timedelta(minutes=30)) == []
