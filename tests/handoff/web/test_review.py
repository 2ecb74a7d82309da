"""The page of the review: by keyboard, by mouse, without scripts; and the guess beside each line of a thread."""

import asyncio
import re

import httpx
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from handoff import utterances
from handoff.deeds import Deed
from handoff.examples import Example
from tests.browser import Browse, axe
from tests.cast import ANA, BEN, LENA, YUKI, Colleague
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.spoken import UNSURE, says, takes_back

REVIEW = "/admin/nlu/review"
NASTY = "<img src=x onerror=alert(1)>\"'{{7*7}} javascript:alert(1) <script>alert(1)</script>"


def cards(text: str) -> list[str]:
    """The ids of the texts that a page shows."""
    return re.findall(r'<li id="u-(\w+)"', text)


def digest(text: str) -> str:
    return utterances.digest("en", text)


async def three(inbox: Inbox) -> None:
    """Three texts wait."""
    await says(inbox.database, "I want out", {"cancel": 0.2, "refund": 0.15})
    await says(inbox.database, "Money back when?", UNSURE)
    await says(inbox.database, "Where is it", {"order_missing": 0.55, "delivery_late": 0.3, "refund": 0.1})


async def learnt(inbox: Inbox) -> list[tuple[str, str]]:
    """The examples in use."""
    async with inbox.database.reading() as session:
        rows = select(Example.text, Example.intent).where(Example.removed_at.is_(None)).order_by(Example.id)
        return [(text, intent) for text, intent in await session.execute(rows)]


async def focused(page: Page) -> str:
    """The text that has the focus."""
    return str(await page.evaluate("() => document.activeElement.querySelector('.said')?.textContent ?? ''"))


async def test_beside_every_page_stands_how_many_lines_wait_and_only_for_who_trains(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    await three(inbox)
    for path in ("/inbox", "/me", REVIEW):
        assert re.search(r'data-count="reviews" title="lines to review">3</b>', (await ana.get(path)).text), path
    assert "lines to review" not in (await ben.get("/inbox")).text


async def test_a1_one_key_labels_the_focus_goes_on_the_count_falls_and_z_brings_it_back(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await three(inbox)
    page = await desk(inbox, url, browse, REVIEW, ANA)
    progress, shown = page.locator("#progress"), page.locator("#review .said")
    await expect(progress).to_contain_text("3 left today, 3 in all")
    await page.keyboard.press("j")
    assert await focused(page) == "I want out"
    await page.keyboard.press("1")
    await expect(progress).to_contain_text("2 left today, 2 in all")
    await expect(shown).to_have_text(["Money back when?", "Where is it"])
    assert await focused(page) == "Money back when?"
    await page.keyboard.press("3")
    await expect(progress).to_contain_text("1 left today")
    assert await focused(page) == "Where is it"
    assert await learnt(inbox) == [("I want out", "cancel"), ("Money back when?", "order_missing")]
    await page.keyboard.press("z")
    await expect(progress).to_contain_text("2 left today, 2 in all")
    await expect(shown).to_have_text(["Money back when?", "Where is it"])
    assert await focused(page) == "Money back when?"
    await page.keyboard.press("0")
    await expect(shown).to_have_text(["Where is it"])
    await page.keyboard.press("x")
    await expect(page.locator("#nothing")).to_contain_text("Nothing to review. The confidence line is at 60 %.")
    await expect(page.locator("#nothing")).to_be_focused()
    assert await learnt(inbox) == [("I want out", "cancel")]


async def test_a2_equal_texts_are_one_card_with_their_count(inbox: Inbox, url: str, browse: Browse) -> None:
    for text in ("Money back when?", "money back  WHEN??", "Money back, when"):
        await says(inbox.database, text)
    await says(inbox.database, "I want out")
    page = await desk(inbox, url, browse, REVIEW, ANA)
    await expect(page.locator("#review .cards > li")).to_have_count(2)
    await expect(page.locator("#review .count")).to_have_text(["×3"])
    await expect(page.locator("#progress")).to_contain_text("2 left today, 2 in all, said 4 times")
    await page.locator("#review .cards > li", has=page.locator(".count")).get_by_role("button", name="refund").click()
    await expect(page.locator("#review .said")).to_have_text(["I want out"])
    assert len(await learnt(inbox)) == 1


async def test_another_intent_is_found_by_its_name_and_a_new_one_is_made(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await three(inbox)
    page = await desk(inbox, url, browse, REVIEW, ANA)
    await page.keyboard.press("j")
    await page.keyboard.press("/")
    await page.keyboard.type("gift_wrapping1 x")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("There is no intent “gift_wrapping1 x”")
    await expect(page.get_by_role("button", name="Create “gift_wrapping1_x” and answer with it")).to_be_visible()
    field = page.locator("#review .cards > li").first.get_by_label("Another intent")
    await field.fill("gift_wrapping")
    await field.press("Enter")
    await page.get_by_role("button", name="Create “gift_wrapping” and answer with it").click()
    await expect(page.locator("#progress")).to_contain_text("2 left today")
    await page.keyboard.press("/")
    await page.keyboard.type("app_crash")
    await page.keyboard.press("Enter")
    await expect(page.locator("#progress")).to_contain_text("1 left today")
    assert await learnt(inbox) == [("I want out", "gift_wrapping"), ("Money back when?", "app_crash")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_the_pages_of_the_review_are_accessible(
    inbox: Inbox, url: str, browse: Browse, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    page = await desk(inbox, url, browse, REVIEW, ANA, color_scheme=scheme, viewport=size)
    await axe(page)
    await three(inbox)
    thread_id, message_id = await says(inbox.database, NASTY + "x" * 300, UNSURE)
    async with inbox.database.transaction("test.wrong") as session:
        await utterances.mark_wrong(session, thread_id, message_id, inbox.people["Ana"], "cancel")
    await page.reload()
    await page.locator("summary", has_text="Rules").click()
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="Near ones").first.click()
    await axe(page)
    await page.goto(f"{url}/inbox/{thread_id}/messages/{message_id}/intent")
    await axe(page)
    await page.goto(f"{url}/inbox/{thread_id}")
    await page.locator("details.guess summary").first.click()
    await axe(page)


async def test_all_of_it_works_without_scripts(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    page = (await ana.get(REVIEW)).text
    assert cards(page) == [digest(text) for text in ("I want out", "Money back when?", "Where is it")]
    first = digest("I want out")
    answer = await ana.post(REVIEW, data={"digest": first, "answer": "intent:cancel"})
    assert (answer.status_code, answer.headers["location"]) == (303, REVIEW)
    assert first not in cards((await ana.get(REVIEW)).text)
    answer = await ana.post(f"{REVIEW}/undo")
    assert answer.headers["location"].endswith(f"#u-{first}")
    assert cards((await ana.get(answer.headers["location"])).text)[0] == first
    assert (await ana.post(f"{REVIEW}/undo")).status_code == 409


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Say what it is about"),
        ({"answer": "intent:"}, "Say what it is about"),
        ({"answer": "other", "other": "  "}, "Say what it is about"),
        ({"answer": "whatever"}, "Say what it is about"),
        ({"answer": "intent:__proto__"}, "There is no intent “__proto__”"),
        ({"answer": "new", "other": "__proto__"}, "“__proto__” cannot"),
        ({"answer": "new", "other": "a/b"}, "“a/b” cannot"),
        ({"answer": "new", "other": "refund"}, "There is an intent “refund” already"),
        ({"answer": "none", "digest": "nothing"}, "is not there any more"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_refused_in_a_sentence_and_nothing_changes(
    inbox: Inbox, ana: httpx.AsyncClient, form: dict[str, str], sentence: str
) -> None:
    await three(inbox)
    answer = await ana.post(REVIEW, data={"digest": digest("I want out")} | form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert len(cards((await ana.get(REVIEW)).text)) == 3


async def test_of_two_admins_at_once_the_second_reads_who_was_faster(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    lena = await inbox.visitor(Colleague("Rosa", "rosa@northwind.example", "a lake without wind", role="admin"))
    first = digest("I want out")
    await ana.post(REVIEW, data={"digest": first, "answer": "intent:cancel"})
    answer = await lena.post(REVIEW, data={"digest": first, "answer": "intent:refund"})
    assert answer.status_code == 409
    assert "Ana was faster: “cancel”. Your answer was not kept." in answer.text
    both = [client.post(REVIEW, data={"digest": digest("Where is it"), "answer": "none"}) for client in (ana, lena)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [303, 409]


async def test_several_near_texts_get_one_answer_and_are_undone_together(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    for text in ("Where is my parcel", "Where is my parcel today", "Charged twice"):
        await says(inbox.database, text, {"order_missing": 0.3})
    page = (await ana.get(f"{REVIEW}/near?digest={digest('Where is my parcel')}")).text
    assert "Charged twice" not in page
    chosen = re.findall(r'name="digest" value="(\w+)" checked', page)
    assert len(chosen) == 2
    await ana.post(REVIEW, data={"digest": chosen, "answer": "intent:order_missing"})
    assert len(await learnt(inbox)) == 2
    await ana.post(f"{REVIEW}/undo")
    assert await learnt(inbox) == []
    assert len(cards((await ana.get(REVIEW)).text)) == 3
    assert (await ana.get(f"{REVIEW}/near?digest=gone")).status_code == 303


async def test_either_all_of_several_is_kept_or_nothing(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    answer = await ana.post(REVIEW, data={"digest": [digest("I want out"), "gone"], "answer": "intent:cancel"})
    assert (answer.status_code, await learnt(inbox)) == (422, [])


async def test_every_answer_and_every_undo_is_in_the_audit_log(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    await ana.post(REVIEW, data={"digest": digest("I want out"), "answer": "intent:cancel"})
    await ana.post(f"{REVIEW}/undo")
    await ana.post(f"{REVIEW}/rules", data={"line": 70, "held_back": 10, "daily": 5})
    async with inbox.database.reading() as session:
        deeds = [(deed.what, deed.about) for deed in await session.scalars(select(Deed).order_by(Deed.id))]
    assert deeds == [
        ("review", "intent cancel, 1 text"),
        ("undo review", "intent cancel, 1"),
        ("change review rules", "line 70 %, held back 10 %, 5 a day, one person"),
    ]


@pytest.mark.parametrize("who", [BEN, LENA, YUKI], ids=lambda who: who.role)
async def test_what_customers_said_is_shown_for_review_to_who_trains_and_nobody_else(
    inbox: Inbox, who: Colleague
) -> None:
    await three(inbox)
    visitor = await inbox.visitor(who)
    for answer in (
        await visitor.get(REVIEW),
        await visitor.get(f"{REVIEW}/near?digest={digest('I want out')}"),
        await visitor.post(REVIEW, data={"digest": digest("I want out"), "answer": "none"}),
        await visitor.post(f"{REVIEW}/undo"),
    ):
        assert answer.status_code == 403
        assert "I want out" not in answer.text


async def test_a_link_leads_to_the_thread_where_there_is_one(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id, message_id = await says(inbox.database, "I want out")
    await says(inbox.database, "Never handed off", {"refund": 0.2}, is_handed_off=False)
    page = (await ana.get(REVIEW)).text
    assert re.findall(r'href="/inbox/(\d+)#m-(\d+)"', page) == [(str(thread_id), str(message_id))]


async def test_s2_whatever_customers_say_stays_text_in_the_review(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id, message_id = await says(inbox.database, NASTY)
    page = await desk(inbox, url, browse, REVIEW, ANA)
    await expect(page.locator("#review .said")).to_have_text(NASTY)
    await page.get_by_role("link", name="Near ones").click()
    await expect(page.get_by_role("checkbox", name="<img src=x")).to_be_checked()
    await page.goto(f"{url}/inbox/{thread_id}/messages/{message_id}/intent")
    await expect(page.locator(".said")).to_have_text(NASTY)


async def test_who_withdraws_while_the_page_is_open_is_not_answered_for(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id, _ = await says(inbox.database, "I want out")
    assert cards((await ana.get(REVIEW)).text)
    await takes_back(inbox.database, thread_id)
    answer = await ana.post(REVIEW, data={"digest": digest("I want out"), "answer": "intent:cancel"})
    assert (answer.status_code, await learnt(inbox)) == (422, [])
    assert "is not there any more" in answer.text
