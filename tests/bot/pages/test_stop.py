"""The page of a STOP: it says what happens, and that happens at once and for good."""

from sqlalchemy import text

from tests.bot.pages.world import COMPLAINT, World, chatting, offered, post, words
from tests.bot.test_forget import trace


async def values(world: World, query: str) -> list[object]:
    """What a query gives, in one column."""
    async with world.database.reading() as session:
        return list(await session.scalars(text(query)))


async def test_the_page_says_what_will_happen_and_that_it_did(world: World) -> None:
    mara, link = await chatting(world)
    stop = link.replace("/h/", "/stop/")
    ask = words((await mara.get(stop)).text)
    for promise in ("moment you press", "in public or in private", "waiting to be sent is not sent", "holds for good"):
        assert promise in ask
    done = words((await mara.post(stop)).text)
    assert "You said STOP" in done
    assert "will not contact you again, in public or in private" in done


async def test_with_the_answer_nothing_that_waited_goes_out_any_more(world: World) -> None:
    mara, link = await chatting(world)
    await world.agent_replies("Too late to be said")
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE promises SET offered_at = NULL"))
        await session.execute(text("UPDATE threads SET ended_at = now(), ended_why = 'closed', due_at = NULL"))
    await post(mara, f"And one more thing: {COMPLAINT}")
    while await world.flow.handle_next():
        pass
    assert await values(world, "SELECT state FROM offers ORDER BY id") == ["sent", "ready"]
    assert await values(world, "SELECT delivery FROM messages WHERE by = 'agent' AND kind = 'chat'") == ["pending"]

    answer = await mara.post(link.replace("/h/", "/stop/"))
    assert answer.status_code == 200
    assert await values(world, "SELECT state FROM offers ORDER BY id") == ["sent", "suppressed"]
    assert await values(world, "SELECT delivery FROM messages WHERE by = 'agent' AND kind = 'chat'") == ["withheld"]
    await world.work()
    assert "Too late to be said" not in (await mara.get(link)).text
    assert "/h/" not in (await mara.get("/square/t/3")).text.replace(link, "")


async def test_it_still_works_when_everything_else_of_a_person_is_deleted(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/yours/delete", data={"sure": "yes"})
    assert (await mara.get(link)).status_code == 410
    assert await values(world, "SELECT stopped_at FROM promises") == [None]
    answer = await world.visitor().post(link.replace("/h/", "/stop/"))
    assert "You said STOP" in words(answer.text)
    assert await values(world, "SELECT stopped_at IS NOT NULL FROM promises") == [True]
    assert not await trace(world.database, "parcel")


async def test_an_expired_link_still_stops(world: World) -> None:
    _, link = await offered(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE offers SET created_at = created_at - interval '80 days'"))
    answer = await world.visitor().post(link.replace("/h/", "/stop/"))
    assert "You said STOP" in words(answer.text)
    assert await values(world, "SELECT stopped_at IS NOT NULL FROM promises") == [True]


async def test_nobody_is_asked_to_wait_with_a_stop(world: World) -> None:
    mara, link = await chatting(world)
    for number in range(25):
        said = await mara.post(f"{link}/say", data={"text": "Hello?", "client_id": str(number)})
    assert said.status_code == 429
    assert (await mara.post(f"{link}/say", data={"text": "STOP"})).status_code == 200
    assert await values(world, "SELECT count(*) FROM promises WHERE stopped_at IS NOT NULL") == [1]


async def test_the_buttons_of_a_stop_do_not_wait_for_others_of_the_same_address(world: World) -> None:
    mara, link = await chatting(world)
    for _ in range(25):
        busy = await mara.post(f"{link}/yours/consent", data={"purpose": "keep", "given": "no"})
    assert busy.status_code == 429
    assert (await mara.post(f"{link}/yours/consent", data={"purpose": "talk", "given": "no"})).status_code == 200
    for _ in range(25):
        busy = await mara.post(link)
    assert busy.status_code == 429
    assert (await mara.post(link.replace("/h/", "/stop/"))).status_code == 200
