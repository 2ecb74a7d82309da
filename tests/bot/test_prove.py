"""A code that the author says to us proves who they are; anybody else's does nothing, and no code is ever a mention."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import prove
from bot.channel import PrivateMessage
from handoff import codes
from tests.bot.doorstep import TO_US, WRONG_PERSON, Doorstep
from tests.bot.pages.world import words
from tests.bot.town import Town, mention
from tests.cast import MARA, NOOR, TROLL


@pytest.mark.parametrize(
    "said",
    [
        "@northwind_help {code}",
        "@Northwind_Help {code} thanks!",
        "hello @northwind_help, here it is: {code}.",
        "({code}) @northwind_help",
        "@northwind_help\n{lower}",
        "@northwind_help https://t.example/ABC234 {code} @another22",
    ],
)
async def test_text_around_a_code_is_fine(doorstep: Doorstep, said: str) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.posts(MARA, said.format(code=code, lower=code.lower()), summons=False)
    await browser.post(f"{link}/prove/enter")
    assert await doorstep.is_open(browser, link)


@pytest.mark.parametrize(
    "said", ["{code}", "@somebody_else {code}", "@northwind_help x{code}", "@northwind_help {code}7"]
)
async def test_a_code_that_is_not_said_to_us_or_not_whole_is_none(doorstep: Doorstep, said: str) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.posts(MARA, said.format(code=code), summons=False)
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0


async def test_an_answer_to_our_offer_calls_us_by_itself(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await doorstep.posts(MARA, await doorstep.code(browser, link), summons=True)
    assert (await browser.post(f"{link}/prove/enter")).headers["location"] == f"{link}#end"


async def test_a_code_is_heard_before_the_channel_has_told_our_name(doorstep: Doorstep) -> None:
    """After a start, a post may be handled sooner than X says who we are."""
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    doorstep.town.x.handle = None
    assert f'value="{code}"' in (await browser.get(f"{link}/prove/code")).text
    assert await doorstep.enters(code, MARA)
    assert (await browser.post(f"{link}/prove/enter")).headers["location"] == f"{link}#end"


async def test_a_code_by_direct_message_proves_as_well(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await doorstep.writes(MARA, f"my code is {await doorstep.code(browser, link)}")
    await browser.post(f"{link}/prove/enter")
    assert await doorstep.is_open(browser, link)
    assert await doorstep.town.value("SELECT proof FROM opt_ins") == "sent us the code"
    assert "my code is" not in (await browser.get(link)).text


async def test_a_code_of_the_wrong_person_leaves_an_event_and_stays_good(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    offers = len(doorstep.town.x.offers)
    assert not await doorstep.enters(code, TROLL)
    assert await doorstep.events() == [WRONG_PERSON]
    assert len(doorstep.town.x.offers) == offers
    assert doorstep.town.x.lines == []
    await browser.post(f"{link}/prove/enter")
    assert not await doorstep.is_open(browser, link)
    assert await doorstep.enters(code, MARA)


async def test_a_code_said_twice_at_once_is_one_yes(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.town.hear(*(mention(MARA, f"@northwind_help {code}") for _ in range(4)))
    await asyncio.gather(*(doorstep.town.flow.handle_next() for _ in range(4)))
    await doorstep.town.work()
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 1
    assert await doorstep.town.value("SELECT count(*) FROM updates WHERE handled_at IS NULL OR trouble <> ''") == 0


async def test_a_post_of_a_code_is_never_offered_help(doorstep: Doorstep) -> None:
    """Whatever else is said in it; and no more when the code is over."""
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    await doorstep.posts(NOOR, f"@northwind_help help, what is {code}?")
    await doorstep.posts(MARA, f"@northwind_help help {code}")
    await doorstep.posts(NOOR, f"@northwind_help {code}")
    assert len(doorstep.town.x.offers) == 1
    assert await doorstep.town.value("SELECT posts FROM tallies WHERE outcome = 'a code'") == 3


async def test_an_order_number_in_a_complaint_is_no_code(doorstep: Doorstep) -> None:
    await doorstep.posts(NOOR, "@northwind_help please help with AB2345, the PARCEL did not come")
    assert len(doorstep.town.x.offers) == 1


@pytest.mark.parametrize("text", ["parcel", "PARCEL 234567", "AB234", "ABC2345", "IO01OI", "@AB2345", "ABC_234", ""])
def test_words_numbers_and_names_are_no_codes(text: str) -> None:
    assert codes.codes_in(text) == []


def test_a_code_has_letters_and_digits_that_look_like_nothing_else(town: Town) -> None:
    assert not set("O0I1") & set(codes.ALPHABET)
    assert len(codes.ALPHABET) == 32
    for _ in range(300):
        code = codes.new_code()
        assert codes.codes_in(f"@northwind_help {code.lower()}!") == [code]
        assert codes.is_only_a_code(f"@northwind_help {code}.")


async def test_after_ten_wrong_codes_an_account_is_not_heard_for_an_hour(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    for number in range(100):
        await doorstep.posts(MARA, f"@northwind_help ZZ{number:02}ZZ".replace("0", "A").replace("1", "B"))
    assert not await doorstep.enters(code, MARA)
    assert len(doorstep.town.x.offers) == 1
    assert doorstep.town.x.lines == []
    at = datetime.now(UTC) + timedelta(minutes=61)
    await doorstep.town.run("UPDATE visits SET expires_at = expires_at + interval '1 day'")
    await doorstep.town.do(PrivateMessage("x", "dm:later", MARA, code, at))
    assert await doorstep.town.value("SELECT proof FROM opt_ins") == "sent us the code"


async def test_wrong_codes_of_one_account_are_no_trouble_for_another(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    code = await doorstep.code(browser, link)
    for _ in range(30):
        await doorstep.posts(TROLL, f"@northwind_help {code}")
    assert await doorstep.events() == [WRONG_PERSON]
    assert await doorstep.enters(code, MARA)


def test_the_memory_of_wrong_codes_stays_small() -> None:
    heard = prove.Codes()
    now = datetime.now(UTC)
    for number in range(prove.MOST_ACCOUNTS + 5):
        heard.wrong(str(number), now)
    assert len(heard) == prove.MOST_ACCOUNTS


def test_ten_wrong_codes_in_a_day_are_not_too_many() -> None:
    heard, now = prove.Codes(), datetime.now(UTC)
    for hour in range(10):
        heard.wrong("mara", now + timedelta(hours=hour))
    assert not heard.is_locked("mara", now + timedelta(hours=9))


async def test_a_direct_message_that_nobody_asked_for_is_counted_and_not_answered(doorstep: Doorstep) -> None:
    await doorstep.writes(NOOR, "My parcel is late, help!")
    assert doorstep.town.x.lines == []
    for table in ("opt_ins", "threads", "promises"):
        assert await doorstep.town.value(f"SELECT count(*) FROM {table}") == 0
    query = "SELECT posts FROM tallies WHERE outcome = 'a direct message that nobody asked for'"
    assert await doorstep.town.value(query) == 1
    assert "late" not in str(await doorstep.town.value("SELECT json_agg(u) #>> '{}' FROM updates u"))


async def test_a_direct_message_before_the_yes_is_no_yes(doorstep: Doorstep) -> None:
    await doorstep.offered(MARA)
    await doorstep.writes(MARA, "Yes please, tell me more")
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0
    assert doorstep.town.x.lines == []


async def test_a_direct_message_of_somebody_in_an_open_chat_is_heard_there(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await doorstep.writes(MARA, "It is order AB2345")
    chat = words((await browser.get(link)).text)
    assert "It is order AB2345" in chat
    assert "Question" in chat


async def test_a_direct_message_after_the_end_begins_nothing(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await browser.post(f"{link}/say", data={"text": "It is solved"})
    await doorstep.town.work()
    before = await doorstep.town.value("SELECT count(*) FROM messages")
    await doorstep.writes(MARA, "Hello again")
    assert await doorstep.town.value("SELECT count(*) FROM messages") == before


async def test_stop_works_by_direct_message(doorstep: Doorstep) -> None:
    await doorstep.offered(MARA)
    for person in (MARA, NOOR):
        await doorstep.writes(person, "STOP")
    assert await doorstep.town.value("SELECT count(*) FROM promises WHERE stopped_at IS NOT NULL") == 2
    await doorstep.posts(NOOR, TO_US)
    assert len(doorstep.town.x.offers) == 1
