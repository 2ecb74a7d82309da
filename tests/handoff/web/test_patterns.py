"""/admin/nlu/patterns: how entities are recognised."""

import re

import httpx
import pytest

from handoff import corpora
from nlu.corpus import Pattern
from tests.cast import YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.test_intents import XSS

CODE = {"entity": "gift_code", "kind": "regex", "text": r"GC-\d{6}"}


async def test_a_pattern_is_added_trained_on_and_removed(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/nlu/patterns", data=CODE)
    await ana.post("/admin/nlu/patterns", data=CODE)
    voucher = {"entity": "product", "kind": "synonym", "text": "voucher", "value": "gift card"}
    await ana.post("/admin/nlu/patterns", data=voucher)
    async with inbox.database.reading() as session:
        corpus = await corpora.gather(session)
    assert corpus.patterns == (
        Pattern("gift_code", "regex", r"GC-\d{6}"),
        Pattern("product", "synonym", "voucher", "gift card"),
    )
    page = (await ana.get("/admin/nlu/patterns")).text
    assert "stands for" in page
    assert page.count("until then Rasa does not look for it") == 1
    marked = {"lines": "my code is [GC-123456](gift_code)", "language": "en"}
    await ana.post("/admin/nlu/intents/inform/examples", data=marked)
    assert "until then" not in (await ana.get("/admin/nlu/patterns")).text
    assert r"GC-\d{6}" in (await ana.get("/admin/nlu/export?format=patterns")).text
    removed = await ana.post("/admin/nlu/patterns/1/remove")
    async with inbox.database.reading() as session:
        assert len((await corpora.gather(session)).patterns) == 1
    put_back = dict(re.findall(r'type="hidden" name="(entity|kind|text|value)" value="([^"]*)"', removed.text))
    assert put_back == CODE | {"value": ""}
    await ana.post("/admin/nlu/patterns", data=put_back)
    async with inbox.database.reading() as session:
        assert (await corpora.gather(session)).patterns == corpus.patterns


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "(x+)+"}, "can take for ever"),
        ({"text": "("}, "cannot be read"),
        ({"entity": XSS}, "no name of an entity"),
        ({"kind": "synonym"}, "stands for something"),
        (
            {"entity": "", "kind": "synonym", "text": "hoover", "value": "Breeze kettle"},
            "stands for “Gale vacuum” already",
        ),
        ({"text": "  "}, "Write what"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_stays_in_the_form(
    inbox: Inbox, ana: httpx.AsyncClient, change: dict[str, str], words: str
) -> None:
    hoover = {"entity": "", "kind": "synonym", "text": "hoover", "value": "Gale vacuum"}
    assert (await ana.post("/admin/nlu/patterns", data=hoover)).status_code == 303
    answer = await ana.post("/admin/nlu/patterns", data=CODE | change)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert "<img src=x" not in answer.text


async def test_an_analyst_reads_and_changes_nothing(inbox: Inbox) -> None:
    yuki = await inbox.visitor(YUKI)
    page = await yuki.get("/admin/nlu/patterns")
    assert (page.status_code, 'action="/admin' in page.text) == (200, False)
    assert (await yuki.post("/admin/nlu/patterns", data=CODE)).status_code == 403


async def test_what_no_file_can_hold_is_left_out(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/nlu/patterns", data=CODE | {"kind": "lookup", "text": "gift\x01 card\x96"})
    async with inbox.database.reading() as session:
        assert (await corpora.gather(session)).patterns == (Pattern("gift_code", "lookup", "gift card"),)
