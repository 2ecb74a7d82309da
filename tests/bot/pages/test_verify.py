"""/verify: what is ours is said to be ours, for no one's eyes in particular, and nothing else is."""

import httpx
import pytest
from sqlalchemy import text

from bot.pages.pace import LIMITS
from tests.bot.doorstep import Doorstep
from tests.bot.pages.world import COMPLAINT, World, chatting, offered, words
from tests.bot.town import Town
from tests.cast import MARA


async def verdict(visitor: httpx.AsyncClient, pasted: str) -> str:
    """What the page says about something."""
    page = await visitor.post("/verify", data={"text": pasted})
    assert page.status_code == 200, page.text
    for secret in ("Mara", "mara_k", COMPLAINT[:30]):
        assert secret not in page.text.replace("&#34;", "").partition("<textarea")[0]
    card = page.text.partition('role="status"')[2].partition("</section>")[0]
    return words(f"<p{card}")


async def test_our_link_is_ours_wherever_it_stands(world: World) -> None:
    _, link = await offered(world)
    visitor, origin = world.visitor(), world.origin
    for pasted in (
        f"{origin}{link}",
        f"Need help? Click here: {origin}{link}.",
        f"({origin}{link.replace('/h/', '/stop/')})",
        link.removeprefix("/h/"),
    ):
        said = await verdict(visitor, pasted)
        assert "Yes, this link is ours" in said
        assert "on the square" in said
        assert "2" in said


@pytest.mark.parametrize(
    "address",
    [
        "https://northwind.example.evil.test{link}",
        "https://localhost@evil.test{link}",
        "{origin}.evil.test{link}",
        "evil.test{link}",
        "HTTP://EVIL.TEST{link}",
        "http://[{link}",
        "{origin}{link} and https://evil.test/{link}",
        "https://t.me/evilbot?start={token}",
    ],
)
async def test_our_token_at_another_address_is_not_ours(world: World, address: str) -> None:
    _, link = await offered(world)
    pasted = address.format(origin=world.origin, link=link, token=link.removeprefix("/h/"))
    assert "No, this address is not ours" in await verdict(world.visitor(), pasted)


@pytest.mark.parametrize(
    "more",
    ["or sign in at evil.test", "\nwww.evil.test", "evil。test/login", "hxxp://evil.test", "https:/\\evil"],
)
async def test_our_link_does_not_vouch_for_an_address_beside_it(world: World, more: str) -> None:
    _, link = await offered(world)
    said = await verdict(world.visitor(), f"Need help? {world.origin}{link} {more}")
    assert "this link is ours" not in said


@pytest.mark.parametrize("pasted", ["A" * 22, "K7Q2MX", "Give me your password", "%%%", "<script>alert(1)</script>"])
async def test_what_we_never_said_is_not_said_to_be_ours(world: World, pasted: str) -> None:
    await offered(world)
    said = await verdict(world.visitor(), pasted)
    assert "We cannot tell that this is ours" in said


async def test_what_no_page_can_show_is_shown_with_a_sign_in_its_place(world: World) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhalf \\ud800 of a letter\r\n--x--\r\n'
    page = await world.visitor().post("/verify", content=body, headers=headers)
    assert page.status_code == 200
    assert "half ? of a letter" in page.text


async def test_a_link_with_our_address_that_never_was_is_not_said_to_be_ours(world: World) -> None:
    assert "We cannot tell" in await verdict(world.visitor(), f"{world.origin}/h/{'A' * 22}")
    assert "a page of ours" in await verdict(world.visitor(), f"{world.origin}/square/t/1")


async def test_the_words_of_an_offer_are_ours_but_anybody_can_copy_them(world: World) -> None:
    await offered(world)
    async with world.database.reading() as session:
        said = str(await session.scalar(text("SELECT text FROM offers")))
    found = await verdict(world.visitor(), said.replace(" ", "\n  ", 3))
    assert "These words are ours" in found
    assert "on the square" in found
    assert "These words are ours" in await verdict(world.visitor(), f"{said}\n\nNeed help? Click here:")
    assert "Anybody can copy words" in found
    assert "No, this address is not ours" in await verdict(world.visitor(), f"{said} https://evil.test/h/x")


async def test_the_words_that_we_offer_help_with_are_ours_before_anybody_was_offered_any(world: World) -> None:
    brand = world.app.state.site.brand
    assert "These words are ours" in await verdict(world.visitor(), brand.offer_in("el")[0])


async def test_private_words_are_nobody_elses_to_ask_for(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/say", data={"text": "My secret order is 4711"})
    await world.agent_replies("Your parcel lies in locker 12, Mara, with the code 998877")
    await world.work()
    for pasted in ("My secret order is 4711", "Your parcel lies in locker 12, Mara, with the code 998877", COMPLAINT):
        page = await world.visitor().post("/verify", data={"text": pasted})
        assert "We cannot tell that this is ours" in words(page.text)


async def test_a_code_of_ours_is_known_for_as_long_as_it_works(town: Town) -> None:
    doorstep = Doorstep(town)
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    await browser.post(f"{link}/prove/code")
    code = await town.value("SELECT code FROM visits")
    for pasted in (code, f"@northwind_help {code.lower()}"):
        said = await verdict(doorstep.browser(), pasted)
        assert "Yes, this code is ours" in said
        assert "on X" in said
    await town.run("UPDATE visits SET expires_at = now()")
    assert "We cannot tell" in await verdict(doorstep.browser(), code)


async def test_nothing_pasted_is_a_mistake(world: World) -> None:
    page = await world.visitor().post("/verify", data={"text": " \x00 "})
    assert page.status_code == 422
    assert "Paste something first." in words(page.text)


async def test_k11_a_hundred_wrong_tries_are_answered_politely_with_the_time_to_wait(world: World) -> None:
    visitor, limit = world.visitor("10.0.0.9"), int(LIMITS["verify"].split("/")[0])
    answers = [await visitor.post("/verify", data={"text": f"wrong {number}"}) for number in range(100)]
    assert [answer.status_code for answer in answers] == [200] * limit + [429] * (100 - limit)
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert "Please wait" in words(answers[-1].text)
    assert (await world.visitor("10.0.0.10").post("/verify", data={"text": "wrong"})).status_code == 200


async def test_every_page_leads_to_it(world: World) -> None:
    for path in ("/square", "/privacy", "/nothing", "/verify"):
        assert 'href="/verify"' in (await world.visitor().get(path)).text
