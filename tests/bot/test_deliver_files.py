"""The files of a reply go out after its words, one by one; none is sent twice because another one failed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channel import NeverDeliverable, Unknown
from handoff import attachments, cases, errors
from handoff.attachments import MB, File
from handoff.models import Agent
from tests.bot.town import Town, line
from tests.cast import ANA, MARA
from tests.files import PDF, PNG

SECONDS = timedelta(seconds=1)


async def reply(town: Town, thread_id: int, said: str, *files: File, undo: timedelta = timedelta(0)) -> int:
    """Ana answers with files; the id of the message."""
    ana = await town.hired(ANA)
    async with town.database.transaction("test") as session:
        await attachments.begin(session, thread_id, ana, files, MB)
        ids = [one.id for one in await attachments.begun(session, thread_id, ana)]
        words = {"client_id": "reply-1", "seen_seq": 99, "undo": undo, "files": ids}
        message = await cases.reply(session, thread_id, ana, said, **words)  # type: ignore[arg-type]
    assert message is not None
    return message.id


def arrived(town: Town) -> list[str]:
    return [sent.file.name if sent.file else sent.text for sent in town.street.lines if sent.to == MARA.id]


async def test_the_files_of_a_reply_follow_its_words(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = await reply(town, thread_id, "Here is the label.", File("label.pdf", PDF), File("map.png", PNG))
    await town.work()
    assert arrived(town)[-3:] == ["Here is the label.", "label.pdf", "map.png"]
    assert [sent.file.content for sent in town.street.lines if sent.file] == [PDF, PNG]
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said) == "sent"


async def test_a_reply_may_be_a_file_alone(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = await reply(town, thread_id, "", File("label.pdf", PDF))
    before = len(town.street.lines)
    await town.work()
    assert arrived(town)[before:] == ["label.pdf"]
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said) == "sent"


async def test_what_arrived_is_not_sent_again_because_the_rest_is_in_doubt(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.extend(["line-1", "file-1", Unknown("no answer")])
    said = await reply(town, thread_id, "Here.", File("label.pdf", PDF), File("map.png", PNG))
    await town.work()
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said) == "pending"
    await town.pass_time(5 * SECONDS)
    await town.work()
    assert arrived(town)[-4:] == ["Here.", "label.pdf", "map.png", "map.png"]


async def test_a_file_that_was_refused_is_said_by_name_and_alone_tried_again(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.outcomes.extend(["line-1", NeverDeliverable("too large")])
    said = await reply(town, thread_id, "Here.", File("label.pdf", PDF))
    await town.work()
    assert await town.value("SELECT trouble FROM messages WHERE id = :id", id=said) == "label.pdf: too large"
    async with town.database.transaction("test") as session:
        await cases.try_again(session, thread_id, said)
    await town.work()
    assert arrived(town)[-2:] == ["Here.", "label.pdf"]
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said) == "sent"


async def test_a_worker_that_dies_between_two_files_sends_no_more_than_one_of_them_again(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, "Here.", File("label.pdf", PDF), File("map.png", PNG))
    for _ in range(2):
        work = await town.bot.claim_line()
        assert not isinstance(work, bool)
        await work()
    assert not isinstance(await town.bot.claim_line(), bool), "claimed, and then dead"
    await town.pass_time(60 * SECONDS)
    await town.work()
    assert arrived(town)[-3:] == ["Here.", "label.pdf", "map.png"]


async def test_what_is_taken_back_comes_back_with_its_files(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = await reply(town, thread_id, "Oops", File("label.pdf", PDF), undo=60 * SECONDS)
    async with town.database.transaction("test") as session:
        ana = (await session.scalars(select(Agent))).one()
        await cases.take_back(session, thread_id, said, ana)
        assert [file.name for file in await attachments.begun(session, thread_id, ana)] == ["label.pdf"]
    await town.work()
    assert "label.pdf" not in arrived(town)


async def test_a_stop_keeps_the_files_that_are_still_to_be_sent(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    said = await reply(town, thread_id, "Here.", File("label.pdf", PDF))
    work = await town.bot.claim_line()
    assert not isinstance(work, bool)
    await work()
    await town.flow.on_message(line(MARA, "STOP"))
    await town.work()
    assert "label.pdf" not in arrived(town)
    assert await town.value("SELECT delivery FROM messages WHERE id = :id", id=said) == "withheld"


async def test_a_file_goes_with_one_reply_only_and_nobody_elses(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, "Here.", File("label.pdf", PDF))
    sent = await town.value("SELECT id FROM attachments")
    async with town.database.transaction("test") as session:
        ana = (await session.scalars(select(Agent))).one()
        with pytest.raises(errors.FileGone):
            await cases.reply(session, thread_id, ana, "Again", client_id="reply-2", seen_seq=99, files=[sent])


async def test_a_reply_of_nothing_is_refused(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    with pytest.raises(errors.NothingSaid):
        await reply(town, thread_id, " ")


async def test_the_content_of_a_file_is_never_read_in_passing(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await reply(town, thread_id, "Here.", File("label.pdf", PDF))
    async with town.database.reading() as session:
        thread = await town.thread(thread_id)
        ((file,),) = (await attachments.of(session, thread.messages)).values()
        assert (file.name, "content" in vars(file)) == ("label.pdf", False)
