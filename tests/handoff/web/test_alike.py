"""Comparing examples: a page does not wait for ever, and what was compared once is not compared again."""

from handoff.corpora import Entry
from handoff.web.alike import Alike
from nlu.corpus import CorpusExample


def entries(*texts: str) -> list[Entry]:
    return [Entry(CorpusExample(text, "refund", "en"), ("en", text)) for text in texts]


async def test_a_page_that_does_not_wait_gets_it_the_next_time() -> None:
    alike = Alike()
    assert await alike.soon(entries("money back", "my money back"), patience=0) is None
    assert (await alike.of(entries("money back", "my money back"))).nearest("money")[0][0] in (
        "money back",
        "my money back",
    )
    found = await alike.soon(entries("money back", "my money back"))
    assert found is await alike.of(entries("my money back", "money back"))


async def test_what_is_added_and_taken_away_is_seen() -> None:
    alike = Alike()
    first = await alike.of(entries("where is my parcel", "where is my parcel!"))
    assert set(first.pairs) == {("where is my parcel", "where is my parcel!")}
    second = await alike.of(entries("where is my parcel", "where is my parcel??", "something else"))
    assert set(second.pairs) == {("where is my parcel", "where is my parcel??")}
    assert [text for text, _ in second.nearest("parcel")] == ["where is my parcel", "where is my parcel??"]
    assert (await alike.of([])).nearest("parcel") == []
