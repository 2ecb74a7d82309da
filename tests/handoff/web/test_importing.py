"""/admin/nlu/import: files of examples, looked at before they count, taken whole or not at all."""

import re

import httpx
import pytest
from hypothesis import given
from sqlalchemy import func, select

from handoff import corpora, examples, imports, intents
from handoff.corpora import Entry
from handoff.examples import Example
from handoff.intents import Known
from nlu import example_sheets
from nlu.annotations import digest
from nlu.corpus import CorpusExample, examples_in_yaml
from nlu.seeds import frozen
from tests.cast import YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.spoken import says, takes_back
from tests.handoff.web.story import handed_off
from tests.handoff.web.test_intents import texts
from tests.nlu.test_example_files import BOMB, EXAMPLES

NEW = """nlu:
  - intent: gift_wrapping
    examples: |
      - wrap my [kettle](product)
      - with a ribbon please
      - With a  ribbon please
  - intent: complaint
    examples: |
      - I want a refund
  - intent: refund
    examples: |
      - give me my money back
  - regex: gift_code
    examples: |
      - GC-\\d{6}
"""


async def sent(who: httpx.AsyncClient, content: str | bytes, **fields: str) -> httpx.Response:
    """What is pasted, or, as bytes, what a chosen file holds."""
    files = {"file": ("examples.yml", content)} if isinstance(content, bytes) else {"file": ("", b"")}
    data = {"language": "en"} | fields | ({} if isinstance(content, bytes) else {"content": content})
    return await who.post("/admin/nlu/import", data=data, files=files)


def fingerprint(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


async def rows(inbox: Inbox) -> int:
    async with inbox.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Example)) or 0


async def test_a_file_is_shown_first_and_then_imported_whole(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    page = (await sent(ana, NEW)).text
    for said in (
        "<b>2</b> new examples",
        "with a ribbon please",
        "<b>1</b> new intent: gift_wrapping (2)",
        "<b>1</b> new regular expression, word or synonym<",
        "<b>1</b> there already",
        "<b>1</b> stands twice in the file: lines 5 and 6",
        "<b>1</b> has another intent now",
    ):
        assert said in page
    assert await rows(inbox) == 0
    done = await sent(ana, NEW, seen=fingerprint(page))
    assert done.status_code == 303
    assert "were imported. The next training learns them" in (await ana.get(done.headers["location"])).text
    assert await texts(inbox, "gift_wrapping") == {"wrap my kettle", "with a ribbon please"}
    assert "I want a refund" in await texts(inbox, "refund")
    again = (await sent(ana, NEW)).text
    await sent(ana, NEW, seen=fingerprint(again), move="true")
    assert "I want a refund" in await texts(inbox, "complaint")
    assert "nothing would change" in (await sent(ana, NEW)).text


async def test_one_bad_line_is_named_and_nothing_is_imported(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    broken = NEW + "  - intent: a/b\n    examples: |\n      - fine\n      - [x](not a name)\n"
    page = (await sent(ana, broken)).text
    assert "Nothing was imported" in page
    for said in ("Line 18", "“a/b” cannot name an intent", "Line 19"):
        assert said in page
    assert "with a ribbon please" in page, "what was pasted stays"
    assert (await sent(ana, broken, seen="x" * 32)).status_code == 409
    assert await rows(inbox) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "Anchors and aliases"),
        ("x" * 1_000_001, "at most 1 MB"),
        (b"nlu:\n- intent: \xff\xfe", "no text in UTF-8"),
        (b"nlu:\n# " + b"x" * 1_000_001, "at most 1 MB"),
        ("  ", "Paste examples"),
        ("nlu:\n  - intent: __proto__\n    examples: |\n      - x\n", "cannot name an intent"),
        ("nlu:\n  - intent: chitchat/ask\n    examples: |\n      - x\n", "cannot name an intent"),
        ("nlu:\n  - intent: nlu_fallback\n    examples: |\n      - x\n", "a meaning of its own"),
        ("text,intent,language\nx,refund,tlh\n", "none of the languages"),
        ("nlu:\n  - regex: a\n    examples: |\n      - (x+)+\n", "can take for ever"),
        ("nlu:\n- ? [a]\n  : b\n", "An item is an intent"),
        ("nlu:\n- intent: refund\n  examples:\n  - ? [a]\n    : b\n", "An example is a text"),
        (
            'text,intent,language,entities\nx,refund,en,"[{""start"": 1e999, ""end"": 1, ""entity"": ""a""}]"\n',
            "An entity has",
        ),
        (
            "nlu:\n  - synonym: a\n    examples: |\n      - b\n  - synonym: c\n    examples: |\n      - b\n",
            "“b” stands for “a” already",
        ),
        (
            "nlu:\n  - intent: a\n    examples: |\n      - x\n  - intent: b\n    examples: |\n      - X\n",
            "“a” in line 4",
        ),
    ],
)
async def test_what_cannot_be_taken_is_refused_in_a_sentence(
    inbox: Inbox, ana: httpx.AsyncClient, content: str | bytes, words: str
) -> None:
    answer = await sent(ana, content)
    assert words in answer.text
    assert await rows(inbox) == 0


async def test_what_was_looked_at_and_is_not_so_any_more_is_shown_again(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    seen = fingerprint((await sent(ana, NEW)).text)
    async with inbox.database.transaction("test.meanwhile") as session:
        await examples.relabel(session, [("en", digest("give me my money back"))], "cancel", None)
    answer = await sent(ana, NEW, seen=seen)
    assert (answer.status_code, "Somebody changed examples meanwhile" in answer.text) == (409, True)
    assert "<b>2</b> have another intent now" in answer.text
    assert await texts(inbox, "gift_wrapping") == set()


async def test_what_is_tested_with_is_left_out_and_that_is_said(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    tested = next(one for one in frozen() if one.language == "en")
    async with inbox.database.transaction("test.hold back") as session:
        await examples.add(session, "cash back", "refund", "en", source="review", by=None, held_back=True)
    table = example_sheets.written(
        CorpusExample(text, "refund", "en") for text in (tested.text, "cash back", "new one")
    )
    page = (await sent(ana, table)).text
    assert "<b>2</b> are in the test set" in page
    await sent(ana, table, seen=fingerprint(page))
    assert {"cash back", tested.text} & await texts(inbox, "refund") == set()
    assert "new one" in await texts(inbox, "refund")


async def test_what_was_removed_from_the_test_set_is_left_out_as_well(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    async with inbox.database.transaction("test.hold back") as session:
        held = await examples.add(session, "cash back", "refund", "en", source="review", by=None, held_back=True)
        await examples.remove(session, held.key, None)
    table = example_sheets.written([CorpusExample("cash back", "refund", "en"), CorpusExample("new", "refund", "en")])
    page = (await sent(ana, table)).text
    assert "<b>1</b> is in the test set" in page
    await sent(ana, table, seen=fingerprint(page))
    assert "cash back" not in await texts(inbox, "refund")


async def test_an_import_over_a_customers_words_still_reaches_them_when_forgetting(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    async with inbox.database.transaction("test.review") as session:
        await examples.add(session, "two bills", "refund", "en", source="review", by=None, thread_id=thread_id)
    file = "nlu:\n  - intent: complaint\n    examples: |\n      - two bills\n"
    await sent(ana, file, seen=fingerprint((await sent(ana, file)).text), move="true")
    assert "two bills" in await texts(inbox, "complaint")
    async with inbox.database.reading() as session:
        (mine,) = [entry for entry in await corpora.entries(session) if entry.example.text == "two bills"]
    assert (mine.is_real, mine.example.source) == (True, "review")
    async with inbox.database.transaction("test.forget") as session:
        assert await examples.forget(session, thread_id)
    assert "two bills" not in await texts(inbox, "complaint")


@pytest.mark.parametrize("query", ["language=en", "language=en&format=csv", "format=csv"])
async def test_an_export_imports_to_no_change(inbox: Inbox, ana: httpx.AsyncClient, query: str) -> None:
    async with inbox.database.transaction("test.teach") as session:
        await intents.rename(session, "refund", "money_back", None)
        await examples.add(session, "=cmd|' /C calc'!A0", "money_back", "en", source="admin", by=None)
    answer = await ana.get(f"/admin/nlu/export?{query}")
    assert "attachment" in answer.headers["content-disposition"]
    assert "nothing would change" in (await sent(ana, answer.text)).text
    if "csv" in query:
        assert not re.search(r'(?:^|,)"=', answer.text, re.MULTILINE)


@given(EXAMPLES)
def test_whatever_was_exported_imports_to_no_change(made: list[CorpusExample]) -> None:
    there = list({(one.language, one.digest): one for one in made}.values())
    entries = [Entry(one, (one.language, one.digest)) for one in there]
    known = Known(frozenset(one.intent for one in there if one.intent not in ("true", "no")), {})
    allowed = [one for one in there if one.intent in known.seeded]
    for language in ("en", "el"):
        mine = [one for one in allowed if one.language == language]
        for content in (examples_in_yaml(mine), example_sheets.written(mine)):
            plan = imports.planned(imports.read(content, language).lines, entries, known, frozenset())
            assert (plan.changes, plan.mistakes, plan.same) == (0, [], len(mine))


async def test_twenty_thousand_lines_at_most(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    lines = "".join(f"      - number {number} came broken\n" for number in range(20_001))
    file = f"nlu:\n  - intent: product_broken\n    examples: |\n{lines}"
    assert "at most 20,000 examples" in (await sent(ana, file)).text
    most = file.replace("      - number 7 came broken\n", "")
    done = await sent(ana, most, seen=fingerprint((await sent(ana, most)).text))
    assert done.status_code == 303
    async with inbox.database.reading() as session:
        assert len((await corpora.gather(session)).example_ids) == 20_000


async def test_an_analyst_neither_imports_nor_exports(inbox: Inbox) -> None:
    yuki = await inbox.visitor(YUKI)
    page = await yuki.get("/admin/nlu/import")
    assert (page.status_code, "export?" in page.text) == (200, False)
    assert (await yuki.get("/admin/nlu/export")).status_code == 403
    assert (await sent(yuki, NEW)).status_code == 403


async def test_what_a_customer_took_back_does_not_come_in_again_and_its_lines_are_named(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    thread, message = await says(inbox.database, "with a ribbon please")
    async with inbox.database.transaction("test.learnt") as session:
        await examples.add(
            session,
            "with a ribbon please",
            "refund",
            "en",
            source="review",
            by=None,
            message_id=message,
            thread_id=thread,
        )
    await takes_back(inbox.database, thread)
    page = (await sent(ana, NEW)).text
    assert "<b>1</b> is left out, because a customer who said so took it back: line 5" in page
    done = await sent(ana, NEW, step="import", seen=fingerprint(page))
    assert done.status_code == 303
    assert "with a ribbon please" not in await texts(inbox, "gift_wrapping")
