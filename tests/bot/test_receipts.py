"""Five consents, each by itself: what was agreed to or taken back, in which words and when, is only ever added."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from bot.brand import read_brand
from bot.choose import Choose, WordingChanged
from handoff import receipts
from tests.bot.test_choose import choices
from tests.bot.test_forget import DAYS, trace_of
from tests.bot.town import BRAND, COMPLAINT, Town, click, line
from tests.cast import JOSE, MARA

SHIPPED = read_brand(BRAND)
VERSION = SHIPPED.consent.version


async def turns(town: Town) -> list[Any]:
    """Every turn: purpose, given, and the thread."""
    async with town.database.reading() as session:
        found = await receipts.history(session, await town.value("SELECT max(thread_id) FROM opt_ins"))
    return [(turn.purpose, turn.given) for turn in found]


async def test_an_opt_in_gives_talk_and_nothing_else(town: Town) -> None:
    await town.opted_in(MARA)
    assert await turns(town) == [("talk", True)]
    assert await town.value("SELECT wording FROM receipts") == SHIPPED.consent_in("en", "talk")
    assert await town.value("SELECT wording = (SELECT wording FROM opt_ins) FROM receipts")
    assert await town.value("SELECT wording_version FROM receipts") == VERSION


async def test_who_comes_alone_gives_talk_too(town: Town) -> None:
    await town.do(click(JOSE, None))
    assert await turns(town) == [("talk", True)]


async def test_the_words_that_were_shown_are_the_words_that_are_kept(town: Town) -> None:
    token = await town.offered(MARA)
    pressed = click(MARA, token)
    await town.flow.on_click(type(pressed)("telegram", pressed.id, MARA, token, pressed.at, "de"))
    assert await town.value("SELECT wording FROM receipts") == SHIPPED.consent_in("de", "talk")
    await (await choices(town)).agree("keep", "el", VERSION)
    assert "365" in await town.value("SELECT wording FROM receipts WHERE purpose = 'keep'")
    assert await town.value("SELECT wording FROM receipts WHERE purpose = 'keep'") == SHIPPED.consent_in("el", "keep")


@pytest.mark.parametrize("purpose", ["link", "keep", "articles", "training"])
async def test_each_consent_is_given_and_taken_back_by_itself(town: Town, purpose: receipts.Purpose) -> None:
    await town.opted_in(MARA)
    choose = await choices(town)
    await choose.agree(purpose, "en", VERSION)
    await choose.take_back(purpose)
    await choose.agree(purpose, "fr", VERSION)
    assert await turns(town) == [("talk", True), (purpose, True), (purpose, False), (purpose, True)]
    assert await town.value("SELECT count(DISTINCT wording) FROM receipts WHERE purpose <> 'talk'") == 2


async def test_what_is_taken_back_is_what_was_agreed_to(town: Town) -> None:
    await town.opted_in(MARA)
    choose = await choices(town)
    await choose.agree("link", "es", VERSION)
    newer = SHIPPED.model_copy(update={"consent": SHIPPED.consent.model_copy(update={"version": "later"})})
    await Choose(town.database, newer, await town.value("SELECT account FROM customers")).take_back("link")
    words = await town.value("SELECT count(DISTINCT (wording, wording_version)) FROM receipts WHERE purpose = 'link'")
    assert words == 1


async def test_pressing_twice_or_in_two_windows_turns_it_once(town: Town) -> None:
    await town.opted_in(MARA)
    choose = await choices(town)
    await asyncio.gather(*(choose.agree("keep", "en", VERSION) for _ in range(5)))
    await asyncio.gather(*(choose.take_back("keep") for _ in range(5)))
    await choose.take_back("articles")
    assert await turns(town) == [("talk", True), ("keep", True), ("keep", False)]


@pytest.mark.parametrize(("language", "version"), [("en", "2020-01"), ("xx", VERSION), ("", "")])
async def test_nobody_agrees_to_words_that_are_not_shown_now(town: Town, language: str, version: str) -> None:
    await town.opted_in(MARA)
    with pytest.raises(WordingChanged):
        await (await choices(town)).agree("link", language, version)
    assert await turns(town) == [("talk", True)]


async def test_taking_talk_back_is_a_stop(town: Town) -> None:
    thread_id = await town.handed_off(MARA)
    await (await choices(town)).take_back("talk")
    thread = await town.thread(thread_id)
    assert (thread.ended_why, thread.cases[-1].closed_at is not None) == ("stopped", True)
    assert await turns(town) == [("talk", True), ("talk", False)]
    await (await choices(town)).agree("talk", "en", VERSION)
    assert await turns(town) == [("talk", True), ("talk", False)]


async def test_a_stop_said_anywhere_takes_talk_back_once(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(line(MARA, "stop"), line(MARA, "STOP"))
    assert await turns(town) == [("talk", True), ("talk", False)]
    await town.do(click(MARA, None))
    assert await turns(town) == [("talk", True)]


@pytest.mark.parametrize("wrong", ["UPDATE receipts SET given = false", "DELETE FROM receipts"])
async def test_a_receipt_is_never_changed_or_deleted(town: Town, wrong: str) -> None:
    await town.opted_in(MARA)
    with pytest.raises(ProgrammingError, match="never changed or deleted"):
        await town.run(wrong)


async def test_who_agreed_to_it_has_the_chat_kept_for_longer(town: Town) -> None:
    await town.opted_in(MARA, COMPLAINT)
    choose = await choices(town)
    await choose.agree("keep", "en", VERSION)
    await choose.end()
    await town.pass_time(364 * DAYS)
    await town.bot.forget()
    assert "messages.text: parcel" in await trace_of(town, "parcel")
    await town.pass_time(2 * DAYS)
    await town.bot.forget()
    assert await trace_of(town, "parcel", "mara", MARA.id) == []


async def test_who_takes_that_back_has_the_chat_forgotten_when_its_time_is_over(town: Town) -> None:
    await town.opted_in(MARA, COMPLAINT)
    choose = await choices(town)
    await choose.agree("keep", "en", VERSION)
    await choose.end()
    await town.pass_time(40 * DAYS)
    await choose.take_back("keep")
    await town.bot.forget()
    assert await trace_of(town, "parcel", "mara", MARA.id) == []
