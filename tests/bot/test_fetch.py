"""Files that customers send on a channel: they are fetched, looked at, and never lost without a word."""

from dataclasses import replace
from datetime import timedelta

from bot.channel import Attached, PrivateMessage, TooLarge, TryLater, Unknown
from bot.say import say
from handoff.attachments import MB
from tests.bot.town import Town, deletion, line
from tests.cast import MARA
from tests.files import EXECUTABLE, PNG

SECONDS = timedelta(seconds=1)
SORRY = say("no_file", "en", most=10)


def photo(source: str = "photo-1", size: int | None = None, name: str = "photo.jpg") -> PrivateMessage:
    return replace(line(MARA, "[photo]"), attached=[Attached("photo", name, source, size)])


async def file(town: Town) -> tuple[str, str, str | None]:
    """Name, type and trouble of the newest file."""
    row = "SELECT {} FROM attachments ORDER BY id DESC LIMIT 1"
    name, kind, trouble = [await town.value(row.format(column)) for column in ("name", "type", "trouble")]
    return str(name), str(kind), trouble


async def test_a_photo_comes_into_the_thread(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = PNG
    await town.do(photo())
    assert await file(town) == ("photo.jpg.png", "image/png", None)
    assert await town.value("SELECT content FROM attachments") == PNG
    assert SORRY not in town.heard_by(MARA)


async def test_what_is_too_large_stays_a_line_and_the_customer_is_told_once(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    town.street.files["photo-2"] = TooLarge("25 MB")
    await town.do(photo(size=10 * MB + 1), photo("photo-2"))
    assert [one.text for one in (await town.thread(thread_id)).messages].count("[photo]") == 2
    assert await file(town) == ("photo.jpg", "", "too large to show")
    assert town.heard_by(MARA).count(SORRY) == 1


async def test_an_executable_is_refused_whatever_it_is_called(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = EXECUTABLE
    await town.do(photo(name="holiday.png"))
    assert await file(town) == ("holiday.png", "", "not a kind of file that is taken")
    assert await town.value("SELECT content FROM attachments") is None
    assert town.heard_by(MARA).count(SORRY) == 1


async def test_a_file_that_cannot_be_had_now_is_asked_for_again(town: Town) -> None:
    await town.handed_off(MARA)
    for trouble in (TryLater(30, "busy"), Unknown("no answer")):
        town.street.files["photo-1"] = trouble
        await town.do(photo())
        town.street.files["photo-1"] = PNG
        await town.pass_time(60 * SECONDS)
        await town.work()
        assert (await file(town))[1] == "image/png"


async def test_a_file_that_never_comes_is_given_up_and_said(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = Unknown("no answer")
    await town.do(photo())
    for _ in range(6):
        await town.pass_time(300 * SECONDS)
        await town.work()
    assert (await file(town))[2] == "it could not be fetched"
    assert town.heard_by(MARA).count(SORRY) == 1


async def test_a_worker_that_died_leaves_its_file_to_the_next(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = PNG
    await town.hear(photo())
    await town.flow.handle_next()
    assert await town.bot.fetch.claim(), "claimed, and then dead"
    assert not await town.bot.fetch.claim()
    await town.pass_time(61 * SECONDS)
    await town.work()
    assert (await file(town))[1] == "image/png"


async def test_a_file_of_a_line_that_is_deleted_meanwhile_is_not_kept(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = PNG
    said = photo()
    await town.hear(said)
    await town.flow.handle_next()
    work = await town.bot.fetch.claim()
    assert not isinstance(work, bool)
    await town.do(deletion(said.id))
    await work()
    assert await town.value("SELECT count(*) FROM attachments") == 0


async def test_after_a_stop_nobody_is_told_of_a_file(town: Town) -> None:
    await town.handed_off(MARA)
    town.street.files["photo-1"] = EXECUTABLE
    await town.hear(photo(), line(MARA, "STOP"))
    await town.work()
    assert SORRY not in town.heard_by(MARA)
