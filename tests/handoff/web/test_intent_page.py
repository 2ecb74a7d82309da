"""What else the page of an intent shows: what customers lately said, what the model says, and nobody's address."""

import asyncio
from datetime import timedelta

import httpx
from playwright.async_api import expect
from sqlalchemy import select, update

from handoff import examples, tries
from handoff.deeds import Deed
from handoff.tries import Tried
from handoff.utterances import Utterance
from tests.browser import Browse, axe
from tests.cast import ANA, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.spoken import UNSURE, says, takes_back
from tests.handoff.web.versions import GOOD, at_work, freeze, version

REFUND = "/admin/nlu/intents/refund"
ADDRESS = "anna.kay@example.org"
TOLD = f"send my money to {ADDRESS} please"


async def told(inbox: Inbox) -> str:
    """A customer's line with an address in it became an example. How addresses of pages name it."""
    async with inbox.database.transaction("test.told") as session:
        found = await examples.add(session, TOLD, "refund", "en", source="review", by=inbox.people.get("Ana"))
        return f"{found.language}-{found.digest}"


async def test_what_is_held_back_can_be_removed_and_put_back(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    async with inbox.database.transaction("test.held back") as session:
        held = await examples.add(session, "cash back now", "refund", "en", source="review", by=None, held_back=True)
    address = f"/admin/nlu/examples/{held.language}-{held.digest}"
    page = (await ana.get(f"{REFUND}?q=cash+back+now")).text
    assert f"{address}/remove" in page
    removed = await ana.post(f"{address}/remove", data={"of": "refund"})
    assert removed.status_code == 303
    page = (await ana.get(removed.headers["location"])).text
    assert ("cash back now" in page, f"{address}/put-back" in page) == (True, True)
    assert f"{address}/remove" not in (await ana.get(f"{REFUND}?q=cash+back+now")).text


async def test_what_was_lately_taken_for_an_intent_is_shown_once_masked_and_only_of_who_agreed(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    for text in ("Money back when?", "money back  WHEN??", f"my mail is {ADDRESS}"):
        await says(inbox.database, text, UNSURE)
    await says(inbox.database, "about something else", {"cancel": 0.9, "refund": 0.05})
    await says(inbox.database, "not for learning", UNSURE, agrees=False)
    await says(inbox.database, "not from here", UNSURE, may_train=False)
    thread, _ = await says(inbox.database, "no more", UNSURE)
    await takes_back(inbox.database, thread)
    _, old = await says(inbox.database, "long ago", UNSURE)
    async with inbox.database.transaction("test.old") as session:
        ago = update(Utterance).where(Utterance.message_id == old)
        await session.execute(ago.values(at=Utterance.at - timedelta(days=15)))
    page = (await ana.get(REFUND)).text
    assert "3 lines were taken for this in the last 14 days" in page
    assert ("money back  WHEN??" in page, "×2" in page, ADDRESS in page, "my mail is" in page) == (
        True,
        True,
        False,
        True,
    )
    for absent in ("about something else", "not for learning", "not from here", "no more", "long ago"):
        assert absent not in page, absent
    assert "Nothing was taken for this" in (await ana.get("/admin/nlu/intents/app_crash")).text
    yuki = await inbox.visitor(YUKI)
    assert "Money back" not in (await yuki.get(REFUND)).text, "who only reads does not read what customers said"


async def test_an_address_in_an_example_is_masked_until_somebody_asks_which_is_written_down(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    word = await told(inbox)
    page = await desk(inbox, url, browse, f"{REFUND}?source=review", ANA)
    row = page.locator(".examples > li")
    await expect(row.locator(".said")).to_contain_text("send my money to")
    assert ADDRESS not in await page.content()
    await row.get_by_role("button", name="Show and change").click()
    await expect(row.locator(".said")).to_have_text(TOLD)
    await axe(page)
    await row.get_by_label("Text").fill("send my money to my other address please")
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await row.get_by_role("button", name="Save").click()
    await page.goto(f"{url}{REFUND}?source=review")
    await expect(row.locator(".said")).to_have_text("send my money to my other address please")
    async with inbox.database.reading() as session:
        deeds = [one.about for one in await session.scalars(select(Deed).where(Deed.what == "read masked contacts"))]
    assert deeds == [f"intent refund, example {word[:11]}"]


async def test_no_other_page_of_teaching_shows_the_address_and_who_only_reads_cannot_ask(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    word = await told(inbox)
    yuki = await inbox.visitor(YUKI)
    for path in ("", "?near=send+my+money+to+somebody+please", "/split", "/split?near=send+my+money"):
        answer = await ana.get(REFUND + path)
        assert answer.status_code == 200
        assert (ADDRESS in answer.text, "send my money to" in answer.text) == (False, True), path
    assert ADDRESS not in (await yuki.get(f"{REFUND}?source=review")).text
    assert (await yuki.post(f"/admin/nlu/examples/{word}/show", data={"of": "refund"})).status_code == 403
    gone = await ana.post(f"/admin/nlu/examples/en-{'0' * 32}/show", data={"of": "refund"})
    assert (gone.status_code, "This example is gone" in gone.text) == (404, True)
    shown = await ana.post(f"/admin/nlu/examples/{word}/show", data={"of": "refund"})
    where = shown.headers["location"]
    assert (ADDRESS in (await ana.get(where)).text, ADDRESS in (await yuki.get(where)).text) == (True, False)
    removed = await ana.post(f"/admin/nlu/examples/{word}/remove", data={"of": "refund"})
    undone = (await ana.get(removed.headers["location"])).text
    assert ("Removed “" in undone, ADDRESS in undone) == (True, False)


async def test_the_model_at_work_says_there_what_it_makes_of_a_text(inbox: Inbox, url: str, browse: Browse) -> None:
    await freeze(inbox.database)
    await version(inbox.database, GOOD)
    await at_work(inbox.database, 1)
    asked: list[str] = []

    async def answer() -> None:
        async for question in tries.questions(inbox.database):
            asked.append(question.text)
            guesses = [
                ("nlu_fallback", 0.5),
                ("refund", 0.48),
                ("cancel", 0.2),
                ("order_missing", 0.1),
                ("greet", 0.05),
            ]
            for number in question.versions:
                await tries.answer(inbox.database, question, Tried(number, "nlu_fallback", guesses))

    bot = asyncio.create_task(answer())
    page = await desk(inbox, url, browse, REFUND, ANA)
    await page.get_by_label("What a customer would say").fill("give me my money back")
    section = page.locator("section", has=page.locator("#near-title"))
    await page.route("**/*ask=1", lambda route: route.fulfill(status=204))
    await page.get_by_role("button", name="Try it").click()
    await expect(section.get_by_role("status")).to_contain_text("is loaded first")
    await expect(section.get_by_role("button", name="Try it")).to_be_disabled()
    await page.unroute("**/*ask=1")
    await page.reload()
    await page.get_by_label("What a customer would say").fill("give me my money back")
    await page.get_by_role("button", name="Try it").click()
    await expect(section.locator(".guesses li")).to_have_text(["refund 48%", "cancel 20%", "order_missing 10%"])
    await expect(section.get_by_role("heading", level=3)).to_have_text(
        ["What version 1 makes of it", "The nearest examples"]
    )
    await expect(section.locator(".near li").first).to_contain_text("money")
    await expect(page.get_by_label("What a customer would say")).to_be_in_viewport()
    await axe(page)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Try it").click()
    assert asked == ["give me my money back"] * 2, "who tries again is asked for again"
    bot.cancel()


async def test_who_adds_lines_reads_how_many_are_new(ana: httpx.AsyncClient) -> None:
    for lines, told_so in (
        ("cash me back\nreturn my coins", "2 examples were added."),
        (
            "Cash me back\n\nhand the price back\nhand the price back",
            "1 example was added; 2 lines were there already.",
        ),
        ("cash me back", "Nothing is new; 1 line was there already."),
    ):
        added = await ana.post(f"{REFUND}/examples", data={"lines": lines, "language": "en"})
        page = (await ana.get(added.headers["location"])).text
        assert told_so in " ".join(page.split()), lines
    assert "intent refund, 1 in en" in (await ana.get("/admin/audit")).text


async def test_while_it_is_open_only_the_numbers_of_the_rail_are_asked_for(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    page = await desk(inbox, url, browse, REFUND, ANA)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
    await expect(page.locator("#rail [data-count=waiting]")).to_be_hidden()
    await says(inbox.database, "Money back when?")
    await expect(page.locator("#rail [data-count=waiting]")).to_have_text("1")
    await expect(page.locator("#rail [data-count=reviews]")).to_have_text("1")
    assert set(asked) == {"/counts"}


async def test_the_numbers_of_the_rail_are_for_whoever_is_signed_in(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await says(inbox.database, "Money back when?")
    assert (await ben.get("/counts")).json() == {"waiting": 1, "reviews": 0}, "he does not train"
    assert (await (await inbox.visitor()).get("/counts")).status_code == 303
