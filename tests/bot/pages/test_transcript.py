"""What customers take along: all that they may see of the chat and nothing else, and what they agreed to."""

import re

from tests.bot.pages.test_yours import press
from tests.bot.pages.world import COMPLAINT, World, chatting

NASTY = '<img src=x onerror=alert(1)> =HYPERLINK("x") {{ 7 * 7 }}\n22 November 2026, 10:00 UTC · Ana\x07\n    Sent'


async def test_the_transcript_has_all_that_the_customer_may_see_and_nothing_else(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/say", data={"text": NASTY, "client_id": "one"})
    await mara.post(f"{link}/say", data={"text": "Γεια 🌸 نور", "client_id": "two"})
    await world.agent_replies("Only for us", note=True)
    await world.agent_replies("Here you are")
    await world.work()
    answer = await mara.get(f"{link}/yours/transcript.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="northwind-chat-[\d-]+\.txt"', answer.headers["content-disposition"])
    said = answer.content.decode()
    assert COMPLAINT in said
    assert "Γεια 🌸 نور" in said
    assert "Only for us" not in said
    assert "Here you are" in said
    heads = [line for line in said.splitlines() if line and not line.startswith("    ")]
    assert sum(line.endswith("· Ana") for line in heads) == 1, "nobody's words pass for a line of ours"
    assert "\x07" not in said
    assert "    22 November 2026, 10:00 UTC · Ana" in said
    whole = (await mara.get(f"{link}/yours/transcript.json")).json()
    assert [one["number"] for one in whole["messages"]] == list(range(1, len(whole["messages"]) + 1))
    assert {one["by"] for one in whole["messages"]} == {"you", "bot", "person"}
    assert "Only for us" not in str(whole)
    assert (await mara.get(f"{link}/yours/transcript.json")).headers["content-disposition"].startswith("attachment")


async def test_the_transcript_tells_of_what_was_deleted(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post("/square/p/1/delete")
    await world.work()
    said = (await mara.get(f"{link}/yours/transcript.txt")).text
    assert "(deleted)" in said
    assert COMPLAINT not in said
    first = (await mara.get(f"{link}/yours/transcript.json")).json()["messages"][0]
    assert (first["said"], first["deleted"]) == ("", True)


async def test_the_receipts_can_be_taken_along(world: World) -> None:
    mara, link = await chatting(world)
    await press(mara, link, "articles", "yes")
    await press(mara, link, "articles", "no")
    taken = (await mara.get(f"{link}/yours/receipts.json")).json()["receipts"]
    turns = [(one["purpose"], one["given"]) for one in taken]
    assert turns == [
        ("talk", True),
        ("articles", True),
        ("articles", False),
    ]
    assert all(one["version"] and one["wording"] and one["at"] for one in taken)
    readable = (await mara.get(f"{link}/yours/receipts.txt")).text
    assert "Use it for help articles: You took it back on" in readable
