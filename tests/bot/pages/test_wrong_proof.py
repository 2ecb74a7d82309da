"""What proves nothing: a state that is forged, used, late or another's, the wrong person, a platform that fails."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.channel import Halted, NeverDeliverable, TryLater, Unknown
from handoff import visits
from tests.bot.doorstep import TO_US, WRONG_PERSON, Doorstep, cookies
from tests.bot.pages.world import words
from tests.cast import JOSE, MARA, TROLL

SECRETS = ("parcel", "Mara", "mara_k", "1001", "Somebody who")


async def test_of_a_wrong_person_one_event_is_left_and_they_see_nothing(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    answer = await doorstep.signs_in(browser, link, TROLL)
    assert answer.status_code == 403
    assert "This link was made for somebody else" in words(answer.text)
    assert not any(secret in answer.text for secret in SECRETS)
    assert link not in answer.text
    assert await doorstep.events() == [WRONG_PERSON]
    assert cookies(answer)["knock-visit"]["max-age"] == "0"
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0
    assert not await doorstep.is_open(browser, link)


async def test_what_a_wrong_person_sees_does_not_depend_on_the_thread(doorstep: Doorstep) -> None:
    link = await doorstep.offered(MARA)
    before = await doorstep.signs_in(doorstep.browser(), link, TROLL)
    mara = doorstep.browser()
    await doorstep.signs_in(mara, link, MARA)
    await mara.post(f"{link}/say", data={"text": "I want a person"})
    await doorstep.town.work()
    after = await doorstep.signs_in(doorstep.browser(), link, TROLL)
    assert after.content == before.content


async def test_a_stranger_with_the_same_link_sees_nothing(doorstep: Doorstep) -> None:
    link, stranger = await doorstep.offered(MARA), doorstep.browser()
    await stranger.post(f"{link}/prove/code")
    pages = (link, f"{link}/prove/code", f"/stop/{link[3:]}")
    before = [re.sub(r"\b[0-9A-Z]{6}\b", "", (await stranger.get(path)).text) for path in pages]
    mara = doorstep.browser()
    await doorstep.signs_in(mara, link, MARA)
    await mara.post(f"{link}/say", data={"text": "My number is 4711"})
    await doorstep.town.work()
    after = [re.sub(r"\b[0-9A-Z]{6}\b", "", (await stranger.get(path)).text) for path in pages]
    assert before == after
    assert not any(secret in page for page in after for secret in (*SECRETS, "4711"))
    assert (await stranger.post(f"{link}/say", data={"text": "Let me in"})).status_code == 403
    assert (await stranger.get(f"{link}/live")).status_code == 404
    assert (await stranger.post(f"{link}/again")).status_code == 403


async def test_a_member_of_the_square_with_the_same_number_is_a_stranger(doorstep: Doorstep) -> None:
    """Numbers of people on different channels have nothing to do with one another."""
    stranger = doorstep.browser()
    await stranger.post("/square/join", data={"name": "Jack"})
    number = str(await doorstep.town.value("SELECT id FROM square_members"))
    link = await doorstep.offered(type(MARA)(number, "jack", "Jack of X"))
    assert (await stranger.post(link)).status_code == 403
    assert not await doorstep.is_open(stranger, link)
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0


@pytest.mark.parametrize("state", ["", "forged", "%00", "A" * 5000, "<script>alert(1)</script>"])
async def test_a_forged_state_opens_nothing(doorstep: Doorstep, state: str) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    address = await doorstep.leaves(browser, link)
    code = parse_qs(urlsplit(doorstep.sign_in.says_yes(address, MARA)).query)["code"][0]
    answer = await browser.get("/proof/x", params={"state": state, "code": code})
    assert answer.status_code == 400
    assert "does not work any more" in words(answer.text)
    assert "<script>" not in answer.text
    assert doorstep.sign_in.asked == 0
    assert not await doorstep.is_open(browser, link)


async def test_a_state_of_another_browser_opens_nothing_and_stays_good_where_it_began(doorstep: Doorstep) -> None:
    link, browser, other = await doorstep.offered(MARA), doorstep.browser(), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    await doorstep.leaves(other, link)
    for stranger in (other, doorstep.browser()):
        assert (await stranger.get(path)).status_code == 400
        assert not await doorstep.is_open(stranger, link)
    assert doorstep.sign_in.asked == 0
    assert (await browser.get(path)).status_code == 303
    assert await doorstep.is_open(browser, link)


async def test_a_state_opens_no_other_link_than_the_one_it_began_at(doorstep: Doorstep) -> None:
    """A person with an offer of their own, who holds the link of another's too."""
    link, own = await doorstep.offered(MARA), await doorstep.offered(TROLL)
    browser = doorstep.browser()
    await doorstep.leaves(browser, link)
    answer = await doorstep.signs_in(browser, own, TROLL)
    assert answer.headers["location"] == f"{own}#end"
    assert await doorstep.is_open(browser, own)
    assert not await doorstep.is_open(browser, link)
    assert (await browser.post(f"{link}/say", data={"text": "Let me in"})).status_code == 403


async def test_a_state_that_took_too_long_opens_nothing(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    await doorstep.town.pass_time(visits.SIGN_IN + timedelta(seconds=1))
    assert (await browser.get(path)).status_code == 400
    assert doorstep.sign_in.asked == 0
    assert (await doorstep.signs_in(browser, link, MARA)).status_code == 303


async def test_who_goes_back_to_a_sign_in_that_was_used_is_still_signed_in(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    await browser.get(path)
    again = await browser.get(path)
    assert again.status_code == 200
    assert "You are signed in already" in words(again.text)
    assert f'href="{link}"' in again.text
    assert "set-cookie" not in again.headers
    assert await doorstep.is_open(browser, link)
    assert doorstep.sign_in.asked == 1


async def test_of_two_that_use_one_state_at_once_one_wins(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    twins = [doorstep.browser() for _ in range(6)]
    for twin in twins:
        twin.cookies.update(browser.cookies)
    answers = await asyncio.gather(*(twin.get(path) for twin in twins))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400, 400]
    assert doorstep.sign_in.asked == 1
    assert sum([await doorstep.is_open(twin, link) for twin in twins]) == 1


async def test_a_code_of_the_platform_is_only_good_for_who_began(doorstep: Doorstep) -> None:
    """Somebody else's code, slipped under the state of a browser: the verifier gives it away."""
    link, browser, other = await doorstep.offered(MARA), doorstep.browser(), doorstep.browser()
    stolen = doorstep.sign_in.says_yes(await doorstep.leaves(other, link), MARA)
    state = parse_qs(urlsplit(await doorstep.leaves(browser, link)).query)["state"][0]
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    answer = await browser.get("/proof/x", params={"state": state, "code": code})
    assert answer.status_code == 503
    assert not await doorstep.is_open(browser, link)


async def test_who_comes_back_reads_the_language_that_they_left_in(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    gone = await browser.post(f"{link}/prove/sign-in?lang=de")
    answer = await browser.get(doorstep.sign_in.says_yes(gone.headers["location"], TROLL))
    assert '<html lang="de"' in answer.text


@pytest.mark.parametrize("query", ["error=access_denied", "error=server_error&error_description=<b>", "", "code="])
async def test_who_does_not_sign_in_is_back_at_the_landing_page(doorstep: Doorstep, query: str) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    state = parse_qs(urlsplit(await doorstep.leaves(browser, link)).query)["state"][0]
    answer = await browser.get(f"/proof/x?state={state}&{query}")
    assert answer.status_code == 200
    assert "You did not sign in, so nothing has happened." in words(answer.text)
    assert f'action="{link}/prove/code"' in answer.text
    assert "<b>" not in answer.text
    assert await doorstep.events() == []
    assert (await doorstep.signs_in(browser, link, MARA)).status_code == 303


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (NeverDeliverable("invalid_grant"), "X did not accept this sign-in."),
        (TryLater(30, "busy"), "We cannot reach X right now."),
        (Unknown("dropped"), "We cannot reach X right now."),
        (Halted("no credits"), "We cannot reach X right now."),
        (TimeoutError(), "We cannot reach X right now."),
    ],
)
async def test_when_the_platform_fails_the_page_says_what_to_do(
    doorstep: Doorstep, trouble: Exception, sentence: str
) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    doorstep.sign_in.trouble = trouble
    answer = await doorstep.signs_in(browser, link, MARA)
    assert answer.status_code == 503
    assert sentence in words(answer.text)
    assert f'action="{link}/prove/code"' in answer.text
    doorstep.sign_in.trouble = None
    assert (await doorstep.signs_in(browser, link, MARA)).status_code == 303


async def test_no_transaction_is_open_while_the_platform_is_asked(doorstep: Doorstep) -> None:
    seen: list[int] = []
    query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"

    async def look() -> None:
        seen.append(await doorstep.town.value(query + " AND datname = current_database()"))

    doorstep.sign_in.while_asked = look
    await doorstep.chatting(MARA)
    assert seen == [0]


async def test_another_site_can_neither_begin_nor_end_anything_here(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    for path in ("prove/sign-in", "prove/code", "prove/enter", "leave"):
        answer = await browser.post(f"{link}/{path}", headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403
    assert await doorstep.is_open(browser, link)


async def test_a_proof_for_one_person_opens_nothing_of_another(doorstep: Doorstep) -> None:
    browser, _ = await doorstep.chatting(MARA)
    link = await doorstep.offered(JOSE, f"{TO_US} Me too.")
    assert not await doorstep.is_open(browser, link)
    assert (await browser.post(link)).status_code == 403
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 1
    assert (await doorstep.signs_in(doorstep.browser(), link, JOSE)).status_code == 303
    assert not await doorstep.is_open(browser, link)
    assert (await browser.post(f"{link}/say", data={"text": "Let me in"})).status_code == 403


async def test_a_link_that_is_over_leads_to_no_sign_in(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    await doorstep.town.run("UPDATE offers SET created_at = created_at - interval '8 days'")
    assert (await browser.get(path)).status_code == 410
    for way in ("sign-in", "code"):
        answer = await browser.post(f"{link}/prove/{way}")
        assert (answer.status_code, "set-cookie" in answer.headers) == (410, False)
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0


async def test_a_link_that_never_was_and_a_channel_without_sign_in_lead_nowhere(doorstep: Doorstep) -> None:
    browser = doorstep.browser()
    for way in ("sign-in", "code"):
        assert (await browser.post(f"/h/nothing/prove/{way}")).status_code == 404
    for channel in ("telegram", "square", "nowhere"):
        assert (await browser.get(f"/proof/{channel}?state=a&code=b")).status_code == 404
    doorstep.town.x.sign_in = None
    link = await doorstep.offered(MARA)
    assert (await browser.post(f"{link}/prove/sign-in")).headers["location"] == link
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0


async def test_a_state_that_comes_back_on_another_channel_opens_nothing(doorstep: Doorstep) -> None:
    """People with the same number on two channels are two people."""
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    assert (await browser.get(path.replace("/proof/x", "/proof/telegram"))).status_code == 404
    doorstep.town.street.sign_in = doorstep.sign_in
    assert (await browser.get(path.replace("/proof/x", "/proof/telegram"))).status_code == 400
    assert doorstep.sign_in.asked == 0
    assert not await doorstep.is_open(browser, link)
