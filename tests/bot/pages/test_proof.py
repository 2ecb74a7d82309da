"""Signing in shows that a browser is the author's: the cookie, how long it is known, and how it ends."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from handoff import visits
from tests.bot.doorstep import TO_US, Doorstep, cookies
from tests.bot.pages.world import words
from tests.bot.town import Town
from tests.cast import MARA, NOOR


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


async def test_a_stop_while_the_platform_is_asked_wins(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()

    async def stop() -> None:
        assert await doorstep.town.flow.on_stop(link.removeprefix("/h/"), "page", proven=True)

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
