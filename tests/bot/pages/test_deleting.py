"""Being deleted, by the button: two steps, no readable byte is left, and a STOP works still."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.channel import PrivateMessage
from handoff import cases
from tests.bot.doorstep import Doorstep
from tests.bot.pages.test_yours import value
from tests.bot.pages.world import World, chatting, offer_to, offered, post, words
from tests.bot.test_forget import trace
from tests.cast import ANA, MARA


async def test_deleting_is_two_steps_and_the_first_tells_what_stays(world: World) -> None:
    mara, link = await chatting(world)
    page = words((await mara.get(f"{link}/yours/delete")).text)
    for said in ("What is deleted", "their notes", "Your posts on the square", "What stays", "a STOP"):
        assert said in page
    assert await value(world, "SELECT count(*) FROM threads WHERE ended_at IS NOT NULL") == 0


async def test_who_is_deleted_leaves_no_readable_byte(world: World) -> None:
    mara, link = await chatting(world, "Marabel")
    await mara.post(f"{link}/say", data={"text": "Orchard Lane 5", "client_id": "one"})
    await world.agent_replies("Marabel of Orchard Lane", note=True)
    await world.agent_replies("To Orchard Lane, Marabel")
    noor = await world.member("Noor")
    await post(noor, "The same here in Plum Street", "/square/t/1")
    await world.work()
    done = await mara.post(f"{link}/yours/delete")
    assert "Everything is deleted" in done.text
    await world.work()
    assert await trace(world.database, "Orchard", "Marabel", "two weeks") == []
    assert "square_posts.text: Plum Street" in await trace(world.database, "Plum Street"), "others keep theirs"
    assert await value(world, "SELECT stopped_at IS NULL FROM promises") is True
    for path in ("", "/yours", "/yours/transcript.txt", "/yours/delete"):
        gone = await mara.get(link + path)
        assert gone.status_code == 410
        assert "This link does not work" in gone.text
    assert (await mara.get("/square/t/1")).status_code == 200
    joined = await world.visitor().post("/square/join", data={"name": "Marabel"})
    assert joined.status_code == 200, "the name is free again"


async def test_a_post_from_before_it_was_known_whose_it_is_goes_from_other_peoples_threads_too(world: World) -> None:
    mara, to_mara = await offered(world)
    noor = await world.member("Noor")
    await post(noor, "Mine, at Plum Street", "/square/t/1")
    await mara.post(to_mara)
    to_noor = await offer_to(world, noor)
    await noor.post(to_noor)
    await world.work()
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE messages SET account = NULL"))
    assert "messages.text: Plum Street" in await trace(world.database, "Plum Street")
    await noor.post(f"{to_noor}/yours/delete")
    await world.work()
    assert await trace(world.database, "Plum Street", "Noor") == []
    assert await value(world, "SELECT count(*) FROM messages WHERE kind = 'post' AND deleted_at IS NULL") == 1


async def test_a_line_that_crosses_the_deletion_brings_nothing_back(doorstep: Doorstep) -> None:
    mara, link = await doorstep.chatting(MARA)
    await mara.post(f"{link}/yours/delete", data={"never": "yes"})
    already_inside = PrivateMessage("x", "chat:late", MARA, "Orchard Lane 5", datetime.now(UTC))
    await doorstep.town.flow.on_message(already_inside)
    await doorstep.town.work()
    assert await trace(doorstep.town.database, "Orchard", "mara", MARA.id) == []
    assert await doorstep.town.value("SELECT count(*) FROM opt_ins") == 1, "nor is it a yes after the STOP"


async def test_deleting_with_the_tick_is_a_stop_too(world: World) -> None:
    mara, link = await chatting(world)
    done = await mara.post(f"{link}/yours/delete", data={"never": "yes"})
    assert "Northwind will not contact you again." in words(done.text)
    assert await value(world, "SELECT stopped_at IS NOT NULL FROM promises") is True


async def test_a_stop_by_the_old_link_still_works_after_the_deletion(world: World) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/yours/delete")
    answer = await world.visitor().post(link.replace("/h/", "/stop/"))
    assert answer.status_code == 200
    assert await value(world, "SELECT stopped_at IS NOT NULL FROM promises") is True


async def test_who_comes_back_finds_the_new_chat_by_the_old_link_too(doorstep: Doorstep) -> None:
    mara, old = await doorstep.chatting(MARA)
    await mara.post(f"{old}/yours/delete")
    await doorstep.town.pass_time(timedelta(days=31))
    mara, new = await doorstep.chatting(MARA)
    assert new != old
    for link in (new, old):
        assert (await mara.get(f"{link}/yours")).status_code == 200
        said = await mara.post(f"{link}/say", data={"text": f"By {link}", "client_id": link[-8:]})
        assert said.status_code == 303
    assert await doorstep.town.value("SELECT count(*) FROM messages WHERE text LIKE 'By /h/%'") == 2


async def test_on_x_being_deleted_signs_every_browser_out(doorstep: Doorstep) -> None:
    mara, link = await doorstep.chatting(MARA)
    other = doorstep.browser()
    await doorstep.signs_in(other, link, MARA)
    assert "Your posts on X itself" in words((await mara.get(f"{link}/yours/delete")).text)
    assert (await mara.post(f"{link}/yours/delete")).status_code == 200
    assert await doorstep.town.value("SELECT count(*) FROM visits") == 0
    for browser in (mara, other):
        assert (await browser.get(f"{link}/yours")).status_code == 410
    assert await trace(doorstep.town.database, "parcel", "mara", MARA.id) == []


async def test_after_a_stop_nothing_that_waited_goes_out_however_it_was_said(doorstep: Doorstep) -> None:
    mara, link = await doorstep.chatting(MARA)
    town = doorstep.town
    await mara.post(f"{link}/say", data={"text": "A person please", "client_id": "one"})
    await town.work()
    ana = await town.hired(ANA)
    async with town.database.transaction("test") as session:
        undo = timedelta(minutes=1)
        await cases.reply(session, 1, ana, "Too late", client_id="1", seen_seq=99, undo=undo)
    assert (await mara.post(link.replace("/h/", "/stop/"))).status_code == 200
    await town.pass_time(timedelta(minutes=2))
    await town.work()
    assert "Too late" not in [line.text for line in town.x.lines]
