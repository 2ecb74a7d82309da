"""/admin/nlu/intents: reading, teaching, and what is said of it."""

import asyncio
import re

import httpx
import pytest

from handoff import corpora, examples, intents
from nlu.annotations import digest
from tests.bot.pages.world import words
from tests.cast import YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off

REFUND = f"en-{digest('I want a refund')}"
COMPLAINT = "/admin/nlu/intents/complaint"
XSS = "<img src=x onerror=alert(1)> <b hx-get=/x>javascript:alert(1)</b>"


async def texts(inbox: Inbox, intent: str) -> set[str]:
    async with inbox.database.reading() as session:
        return {one.text for one in (await corpora.gather(session)).examples if one.intent == intent}


async def test_the_list_names_every_intent_with_its_examples(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin/nlu/intents")).text
    async with inbox.database.reading() as session:
        for name in await intents.names(session):
            assert f'/admin/nlu/intents/{name}"' in page
    assert "no rule of its own" not in page


async def test_an_intent_is_made_taught_and_found_in_the_corpus(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    made = await ana.post("/admin/nlu/intents", data={"name": "gift_wrapping", "description": "Ribbons"})
    assert made.headers["location"] == "/admin/nlu/intents/gift_wrapping"
    lines = "can you wrap the [kettle](product)\n\nwith a ribbon please\n"
    await ana.post("/admin/nlu/intents/gift_wrapping/examples", data={"lines": lines, "language": "en"})
    assert await texts(inbox, "gift_wrapping") == {"can you wrap the kettle", "with a ribbon please"}
    page = (await ana.get("/admin/nlu/intents/gift_wrapping")).text
    for said in (
        '<mark title="product">kettle</mark>',
        "written here",
        "Ana",
        "under 10 examples",
        "no rule of its own",
    ):
        assert said in page
    assert "add examples" in page, "the history"


async def test_one_line_that_cannot_be_taken_adds_none_and_all_stay_in_the_field(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    lines = "money back today\nI want a refund\nthe [x](not a name)"
    answer = await ana.post("/admin/nlu/intents/refund/examples", data={"lines": lines, "language": "en"})
    assert answer.status_code == 422
    assert "is no name of an entity" in answer.text
    assert "money back today\nI want a refund" in answer.text
    assert "money back today" not in await texts(inbox, "refund")


async def test_every_line_that_cannot_be_taken_is_named_with_the_reason(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    lines = f"so very sad\n\nI want a refund\n{'y' * 5000}\nthe [x](not a name)"
    form = {"lines": lines, "language": "en"}
    page = words((await ana.post("/admin/nlu/intents/complaint/examples", data=form)).text)
    assert "Line 3 “I want a refund” That text is an example of “refund” already." in page
    assert f"Line 4 “{'y' * 77}...” An example has at most 4,096 characters." in page
    assert "Line 5 “the [x](not a name)” " in page
    assert ("Line 1 " in page, "Move what is an example of another intent" in page) == (False, True)
    assert "so very sad" not in await texts(inbox, "complaint")


async def test_a_text_of_another_intent_is_moved_only_when_that_is_said(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    form = {"lines": "I want a refund", "language": "en"}
    answer = await ana.post("/admin/nlu/intents/complaint/examples", data=form)
    assert "is an example of “refund” already" in answer.text
    await ana.post("/admin/nlu/intents/complaint/examples", data=form | {"move": "true"})
    assert "I want a refund" in await texts(inbox, "complaint")
    assert "I want a refund" not in await texts(inbox, "refund")


async def test_an_example_is_changed_removed_and_put_back(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    form = {"text": "I want a full refund", "intent": "refund", "of": "refund", "version": "0"}
    await ana.post(f"/admin/nlu/examples/{REFUND}?language=en", data=form)
    assert "I want a full refund" in await texts(inbox, "refund")
    key = f"en-{digest('I want a full refund')}"
    gone = await ana.post(f"/admin/nlu/examples/{key}/remove?language=en", data={"of": "refund"})
    assert "language=en" in gone.headers["location"]
    page = (await ana.get(gone.headers["location"])).text
    assert "Removed “" in page
    assert "I want a full refund" not in await texts(inbox, "refund")
    await ana.post(f"/admin/nlu/examples/{key}/put-back", data={"of": "refund"})
    assert "I want a full refund" in await texts(inbox, "refund")


async def test_of_two_admins_at_once_the_second_is_told_and_loses_nothing(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    form = {"text": "I want a refund", "intent": "complaint", "of": "refund", "version": "0"}
    assert (await ana.post(f"/admin/nlu/examples/{REFUND}", data=form)).status_code == 303
    again = {"text": "I want a refund, now", "intent": "refund", "of": "complaint", "version": "0"}
    answer = await ana.post(f"/admin/nlu/examples/{REFUND}", data=again)
    assert answer.status_code == 409
    assert "Somebody changed this example meanwhile" in answer.text
    assert "I want a refund, now" in answer.text
    stale = await ana.post("/admin/nlu/intents/refund", data={"description": "Money", "version": "7"})
    assert (stale.status_code, "Somebody changed this intent meanwhile" in stale.text) == (409, True)
    assert 'value="Money"' in stale.text


async def test_chosen_examples_move_together(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    other = f"en-{digest('give me my money back')}"
    form = {"chosen": [REFUND, other], "to": "complaint", "of": "refund"}
    await ana.post("/admin/nlu/examples/move", data=form)
    assert {"I want a refund", "give me my money back"} <= await texts(inbox, "complaint")
    gone = {"chosen": [f"en-{digest('please refund me')}", f"en-{'0' * 32}"], "to": "complaint", "of": "refund"}
    refused = (await ana.post("/admin/nlu/examples/move?q=please+refund+me", data=gone)).text
    assert re.search(rf'value="{gone["chosen"][0]}" checked', refused), "what was chosen stays chosen"
    nothing = await ana.post("/admin/nlu/examples/move", data={"to": "complaint", "of": "refund"})
    assert "Choose at least one example" in nothing.text


async def test_the_list_is_filtered_by_text_language_and_source_and_paged(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    many = "\n".join(f"number {number} came broken" for number in range(120))
    await ana.post("/admin/nlu/intents/product_broken/examples", data={"lines": many, "language": "en"})
    page = (await ana.get("/admin/nlu/intents/product_broken?source=admin&language=en")).text
    assert "Page 1 of 3" in page
    assert "number 100 came broken" in (await ana.get("/admin/nlu/intents/product_broken?q=NUMBER+100")).text
    assert "None of its examples" in (await ana.get("/admin/nlu/intents/product_broken?source=admin&language=de")).text
    assert (await ana.get("/admin/nlu/intents/product_broken?page=99999&language=%00&q=%00")).status_code == 200


async def test_texts_that_nearly_say_the_same_in_two_intents_stand_side_by_side(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await ana.post(
        "/admin/nlu/intents/complaint/examples",
        data={"lines": "my new kettle arrived broken, what can I do!", "language": "en"},
    )
    async with asyncio.timeout(60):
        while "Nearly the same as examples of others" not in (page := (await ana.get(COMPLAINT)).text):
            pass
    assert "my new kettle arrived broken, what can I do" in page


async def test_the_nearest_examples_of_a_text_are_shown(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin/nlu/intents/greet?near=where+is+my+parcel")).text
    assert 'href="/admin/nlu/intents/order_missing"' in page.split('id="near-title"')[1]


@pytest.mark.parametrize(
    "name", ["__proto__", "a/b", "two words", "chitchat+ask", "nlu_fallback", "refund", "\x00", XSS]
)
async def test_names_that_cannot_be_are_refused_in_a_sentence(inbox: Inbox, ana: httpx.AsyncClient, name: str) -> None:
    answer = await ana.post("/admin/nlu/intents", data={"name": name, "description": "kept"})
    assert answer.status_code == 422
    assert 'value="kept"' in answer.text
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize("path", ["__proto__", "nothing", "a%2Fb", "%00", "x" * 150])
async def test_an_intent_that_is_not_there_is_a_plain_page(inbox: Inbox, ana: httpx.AsyncClient, path: str) -> None:
    assert (await ana.get(f"/admin/nlu/intents/{path}")).status_code == 404


@pytest.mark.parametrize("example", ["en-1", "xx", "en-" + "0" * 32, "en-" + "0" * 31 + "%00"])
async def test_an_example_that_is_not_there_is_said(inbox: Inbox, ana: httpx.AsyncClient, example: str) -> None:
    form = {"text": "hello", "intent": "refund", "of": "refund", "version": "0"}
    assert (await ana.post(f"/admin/nlu/examples/{example}", data=form)).status_code == 404


async def test_s2_what_somebody_wrote_stays_text(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/nlu/intents", data={"name": "odd", "description": XSS})
    await ana.post("/admin/nlu/intents/odd/examples", data={"lines": f"{XSS} [<i>](product)", "language": "en"})
    for address in (
        "/admin/nlu/intents",
        "/admin/nlu/intents/odd",
        "/admin/nlu/intents/odd?near=%3Cimg+src=x%3E&q=%3Cimg",
    ):
        page = (await ana.get(address)).text
        assert "<img src=x" not in page
        assert "<i>" not in page


async def test_an_example_of_one_megabyte_is_refused(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    form = {"lines": "x" * 1_000_000, "language": "en"}
    answer = await ana.post("/admin/nlu/intents/refund/examples", data=form)
    assert (answer.status_code, "That is too much at once" in answer.text) == (413, True)
    answer = await ana.post("/admin/nlu/intents/refund/examples", data={"lines": "x" * 5000, "language": "en"})
    assert (answer.status_code, "at most 4,096 characters" in answer.text) == (422, True)


async def test_two_hundred_lines_of_greek_are_not_too_much_at_once(ana: httpx.AsyncClient) -> None:
    lines = "\n".join(f"πού είναι το δέμα που παρήγγειλα πριν από τόσες μέρες {n}" for n in range(200))
    form = {"lines": lines, "language": "el"}
    assert (await ana.post("/admin/nlu/intents/order_missing/examples", data=form)).status_code == 303


async def test_an_analyst_reads_and_changes_nothing(inbox: Inbox) -> None:
    yuki = await inbox.visitor(YUKI)
    for address in ("/admin/nlu/intents", "/admin/nlu/intents/refund"):
        page = await yuki.get(address)
        assert page.status_code == 200
        assert 'method="post" action="/admin' not in page.text
    assert (await yuki.post("/admin/nlu/intents", data={"name": "odd"})).status_code == 403


async def test_a_customers_words_lead_to_their_thread(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.review") as session:
        await examples.add(
            session, "billed two times", "charged_wrongly", "en", source="review", by=None, thread_id=thread_id
        )
    page = (await ana.get("/admin/nlu/intents/charged_wrongly?source=review")).text
    assert f'href="/inbox/{thread_id}"' in page
    assert "a customer, reviewed" in page
