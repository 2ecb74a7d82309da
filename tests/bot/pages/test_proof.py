"""Signing in shows that a browser is the author's: once, in that browser, by the right person, and to nobody else."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.channel import Halted, NeverDeliverable, TryLater, Unknown
from handoff import visits
from tests.bot.pages.doorstep import TO_US, Doorstep, cookies
from tests.bot.pages.world import words
from tests.bot.town import Town
from tests.cast import JOSE, MARA, NOOR, TROLL

WRONG_PERSON = "Somebody who is not the author opened the link"
SECRETS = ("parcel", "Mara", "mara_k", "1001", "Somebody who")


@pytest.fixture
def doorstep(town: Town) -> Doorstep:
    """The pages before the town."""
    return Doorstep(town)


async def test_the_author_signs_in_and_the_chat_opens(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    back = await doorstep.signs_in(browser, link, MARA)
    assert (back.status_code, back.headers["location"]) == (303, f"{link}#end")
    await doorstep.town.work()
    chat = words((await browser.get(link)).text)
    assert "parcel has not arrived" in chat
    assert "Northwind's automated assistant" in chat
    assert await doorstep.town.value("SELECT proof FROM opt_ins") == "signed in with X"


async def test_what_was_agreed_to_is_kept_in_the_language_that_it_was_shown_in(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    browser.headers["Accept-Language"] = "de"
    landing = words((await browser.get(link)).text)
    gone = await browser.post(f"{link}/prove/sign-in")
    browser.headers["Accept-Language"] = "fr"
    await browser.get(doorstep.sign_in.says_yes(gone.headers["location"], MARA))
    assert await doorstep.town.value("SELECT wording FROM opt_ins") in landing


async def test_what_the_author_writes_in_the_chat_is_theirs(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await browser.post(f"{link}/say", data={"text": "It is order NW-1", "client_id": "a"})
    await doorstep.town.work()
    assert "It is order NW-1" in words((await browser.get(link)).text)
    assert "Question" in words((await browser.get(link)).text)
    assert await doorstep.town.value("SELECT count(*) FROM threads") == 1


async def test_there_is_no_cookie_before_somebody_asked_to_prove_something(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    for path in (link, f"{link}/prove/code", "/privacy", "/proof/x?state=a&code=b"):
        assert "set-cookie" not in (await browser.get(path)).headers
    assert "set-cookie" in (await browser.post(f"{link}/prove/sign-in")).headers


@pytest.mark.parametrize(
    ("origin", "name", "secure"),
    [("http://localhost:8080", "knock-visit", ""), ("https://help.example", "__Host-knock-visit", True)],
)
async def test_the_cookie_is_bound_to_our_host_and_hidden_from_scripts(
    town: Town, origin: str, name: str, secure: object
) -> None:
    doorstep = Doorstep(town, origin)
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    gone = await browser.post(f"{link}/prove/sign-in")
    back = await browser.get(doorstep.sign_in.says_yes(gone.headers["location"], MARA))
    for answer, seconds in ((gone, 15 * 60), (back, 30 * 24 * 3600)):
        cookie = cookies(answer)[name]
        assert cookie["httponly"]
        assert cookie["secure"] == secure
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("lax", "/", "")
        assert int(cookie["max-age"]) == seconds
        assert len(cookie.value) == 43


async def test_we_keep_neither_the_cookie_nor_the_state_but_their_hashes(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    gone = await browser.post(f"{link}/prove/sign-in")
    rows = str(await doorstep.town.value("SELECT json_agg(v) #>> '{}' FROM visits v"))
    assert cookies(gone)["knock-visit"].value not in rows
    assert parse_qs(urlsplit(gone.headers["location"]).query)["state"][0] not in rows
    assert link.removeprefix("/h/") not in rows


async def test_the_cookie_changes_when_the_browser_is_proven(doorstep: Doorstep) -> None:
    """Whoever planted the first one in somebody's browser has nothing."""
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    address = await doorstep.leaves(browser, link)
    planted = dict(browser.cookies)
    await browser.get(doorstep.sign_in.says_yes(address, MARA))
    assert await doorstep.is_open(browser, link)
    thief = doorstep.browser()
    thief.cookies.update(planted)
    assert not await doorstep.is_open(thief, link)


async def test_the_sign_in_is_the_only_place_beyond_ours_that_a_form_may_lead_to(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    assert "form-action 'self' https://street.example;" in (await browser.get(link)).headers["content-security-policy"]
    for path in ("/privacy", f"/stop/{link[3:]}", "/h/nothing"):
        assert "form-action 'self';" in (await browser.get(path)).headers["content-security-policy"]


async def test_the_address_to_sign_in_at_tells_the_platform_nothing_about_the_thread(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    first, second = [await doorstep.leaves(browser, link) for _ in range(2)]
    assert link.removeprefix("/h/") not in first
    assert set(parse_qs(urlsplit(first).query)) == {"state", "challenge"}
    assert first != second


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


async def test_a_stop_while_the_platform_is_asked_wins(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()

    async def stop() -> None:
        assert await doorstep.town.flow.on_stop(link.removeprefix("/h/"), "page")

    doorstep.sign_in.while_asked = stop
    assert (await doorstep.signs_in(browser, link, MARA)).status_code == 400
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0


async def test_who_said_stop_signs_in_and_may_come_back(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await browser.post(f"/stop/{link[3:]}")
    await doorstep.signs_in(browser, link, MARA)
    assert "You said STOP" in words((await browser.get(link)).text)
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 0
    assert (await browser.post(f"{link}/again")).status_code == 303
    assert await doorstep.is_open(browser, link)
    assert await doorstep.town.value("SELECT proof FROM opt_ins") == "signed in with X, after a STOP"


async def test_a_stop_lets_the_browser_go_after_a_last_look(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    waiting = doorstep.browser()
    code = await doorstep.code(waiting, link)
    await browser.post(f"/stop/{link[3:]}")
    assert "You said STOP" in words((await browser.get(link)).text)
    await doorstep.posts(MARA, f"@northwind_help {code}")
    assert not await doorstep.is_open(waiting, link)
    await doorstep.town.pass_time(visits.LAST_LOOK + timedelta(seconds=1))
    assert not await doorstep.is_open(browser, link)


async def test_who_comes_back_after_a_stop_is_known_as_long_as_anybody(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await browser.post(f"/stop/{link[3:]}")
    await browser.post(f"{link}/again")
    await doorstep.town.pass_time(timedelta(days=29))
    assert await doorstep.is_open(browser, link)


async def test_a_browser_is_known_for_thirty_days(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await doorstep.town.pass_time(timedelta(days=29))
    assert await doorstep.is_open(browser, link)
    await doorstep.town.pass_time(timedelta(days=2))
    assert not await doorstep.is_open(browser, link)


async def test_two_browsers_of_the_author_at_once_both_see_the_chat(doorstep: Doorstep) -> None:
    link, phone, desk = await doorstep.offered(MARA), doorstep.browser(), doorstep.browser()
    paths = [doorstep.sign_in.says_yes(await doorstep.leaves(one, link), MARA) for one in (phone, desk)]
    answers = await asyncio.gather(phone.get(paths[0]), desk.get(paths[1]))
    assert [answer.status_code for answer in answers] == [303, 303]
    await phone.post(f"{link}/say", data={"text": "From the phone"})
    assert "From the phone" in (await desk.get(link)).text
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 1


async def test_signing_out_ends_it_in_this_browser_and_in_no_other(doorstep: Doorstep) -> None:
    phone, link = await doorstep.chatting(MARA)
    desk = doorstep.browser()
    await doorstep.signs_in(desk, link, MARA)
    kept = dict(desk.cookies)
    answer = await desk.post(f"{link}/leave")
    assert (answer.status_code, answer.headers["location"]) == (303, link)
    assert cookies(answer)["knock-visit"]["max-age"] == "0"
    desk.cookies.update(kept)
    assert not await doorstep.is_open(desk, link)
    assert await doorstep.is_open(phone, link)


async def test_another_site_can_neither_begin_nor_end_anything_here(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    for path in ("prove/sign-in", "prove/code", "prove/enter", "leave"):
        answer = await browser.post(f"{link}/{path}", headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403
    assert await doorstep.is_open(browser, link)


async def test_a_second_link_of_the_same_person_needs_no_second_proof(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await browser.post(f"{link}/say", data={"text": "It is solved"})
    await doorstep.town.work()
    await doorstep.town.run("UPDATE promises SET offered_at = NULL")
    second = await doorstep.offered(MARA, f"{TO_US} And once more.")
    assert second != link
    assert "Chat here now" in (await browser.get(second)).text
    assert (await browser.post(second)).status_code == 303
    assert await doorstep.is_open(browser, second)
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins WHERE proof = 'signed in with X'") == 2


async def test_a_proof_for_one_person_opens_nothing_of_another(doorstep: Doorstep) -> None:
    browser, _ = await doorstep.chatting(MARA)
    link = await doorstep.offered(JOSE, f"{TO_US} Me too.")
    assert not await doorstep.is_open(browser, link)
    answer = await browser.post(link)
    assert answer.status_code == 403
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 1


async def test_who_is_forgotten_has_to_show_who_they_are_again(doorstep: Doorstep) -> None:
    browser, link = await doorstep.chatting(MARA)
    await browser.post(f"{link}/say", data={"text": "It is solved"})
    await doorstep.town.work()
    await doorstep.town.pass_time(timedelta(days=20))
    other = doorstep.browser()
    await doorstep.signs_in(other, link, MARA)
    await doorstep.town.pass_time(timedelta(days=20))
    await doorstep.town.bot.forget()
    assert await doorstep.town.value("SELECT external_id FROM customers") is None
    assert (await other.get(link)).status_code == 200
    assert not await doorstep.is_open(other, link)


async def test_visits_that_are_over_are_deleted_and_the_names_that_only_they_told(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await browser.post(f"/stop/{link[3:]}")
    await doorstep.signs_in(browser, link, MARA)
    assert await doorstep.town.value("SELECT external_id FROM customers") == MARA.id
    await doorstep.leaves(doorstep.browser(), await doorstep.offered(NOOR))
    await doorstep.town.pass_time(timedelta(days=31))
    await doorstep.town.bot.forget()
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0
    assert (
        await doorstep.town.value("SELECT count(*) FROM customers WHERE coalesce(external_id, handle, name) <> ''") == 0
    )


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
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    path = doorstep.sign_in.says_yes(await doorstep.leaves(browser, link), MARA)
    answer: httpx.Response = await browser.get(path.replace("/proof/x", "/proof/telegram"))
    assert answer.status_code == 404
    assert (await browser.get(path)).status_code == 303
