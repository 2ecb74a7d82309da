"""Updates are written down before they are acknowledged, and each is handled once, whatever is in it."""

import asyncio

from bot.channel import Update
from tests.bot.town import Town, line, post, update
from tests.cast import AIKO, JOSE, MARA

WAITING = "SELECT count(*) FROM updates WHERE handled_at IS NULL"


async def test_the_same_update_delivered_five_times_leaves_one_row(town: Town) -> None:
    twin = update(post(MARA), update_id="17")
    for _ in range(5):
        await town.flow.take([twin, twin])
    assert await town.value("SELECT count(*) FROM updates") == 1


async def test_twenty_duplicates_in_parallel_leave_one_row_and_one_offer(town: Town) -> None:
    twin = update(post(MARA), update_id="17")
    await asyncio.gather(*(town.flow.take([twin]) for _ in range(20)))
    await asyncio.gather(*(town.flow.handle_next() for _ in range(5)))
    await town.work()
    assert await town.value("SELECT count(*) FROM updates") == 1
    assert len(town.street.offers) == 1


async def test_an_update_delivered_again_after_it_was_handled_is_known(town: Town) -> None:
    late = update(post(MARA), update_id="17")
    await town.flow.take([late])
    await town.work()
    await town.flow.take([late])
    await town.work()
    assert await town.value("SELECT payload IS NULL AND handled_at IS NOT NULL FROM updates")
    assert await town.value("SELECT count(*) FROM messages WHERE kind = 'post'") == 1


async def test_the_same_id_on_two_channels_is_two_updates(town: Town) -> None:
    await town.flow.take([Update("telegram", "1", {"events": []}), Update("square", "1", {"events": []})])
    assert await town.value("SELECT count(*) FROM updates") == 2


async def test_a_crash_between_fetching_and_handling_loses_nothing(town: Town) -> None:
    await town.hear(post(MARA))
    after_the_crash = Town(town.database)
    await after_the_crash.work()
    assert len(after_the_crash.street.offers) == 1


async def test_updates_are_handled_in_the_order_they_came(town: Town) -> None:
    await town.opted_in(MARA)
    await town.do(*(line(MARA, f"line {number}") for number in range(5)))
    assert town.rasa.heard[1:] == [f"line {number}" for number in range(5)]


async def test_one_payload_with_posts_of_two_authors_makes_two_threads(town: Town) -> None:
    await town.flow.take([update(post(MARA), post(JOSE))])
    await town.work()
    assert await town.value("SELECT count(DISTINCT customer_id) FROM threads") == 2
    assert len(town.street.offers) == 2


async def test_an_update_that_nobody_can_read_is_kept_for_a_look_and_holds_up_nobody(town: Town) -> None:
    await town.flow.take([Update("telegram", "1", {"odd": True}), update(post(MARA))])
    await town.work()
    assert len(town.street.offers) == 1
    assert await town.value("SELECT trouble FROM updates WHERE external_id = '1'") == "'events'"
    assert await town.value("SELECT payload IS NOT NULL FROM updates WHERE external_id = '1'")


async def test_an_update_that_our_own_code_fails_at_is_set_aside_after_a_few_tries(town: Town) -> None:
    await town.flow.take([Update("no such channel", "1", {}), update(post(MARA))])
    await town.work()
    assert await town.value(WAITING) == 0
    assert await town.value("SELECT trouble || ', ' || tries FROM updates WHERE external_id = '1'") == (
        "KeyError: 'no such channel', 5"
    )
    assert len(town.street.offers) == 1


async def test_an_update_that_the_record_refuses_holds_up_nobody(town: Town) -> None:
    """A constraint or a trigger says no: that is a mistake of ours, and the next in line must not pay for it."""
    await town.run("ALTER TABLE messages ADD CONSTRAINT no_kettle CHECK (text NOT LIKE '%kettle%')")
    await town.do(line(AIKO, "my kettle"), line(AIKO, "my lamp"))
    assert await town.value(WAITING) == 0
    assert await town.value("SELECT count(*) FROM messages WHERE text = 'my lamp'") == 1
    assert "no_kettle" in await town.value("SELECT trouble FROM updates WHERE trouble IS NOT NULL")


async def test_a_promise_that_breaks_only_at_the_commit_holds_up_nobody(town: Town) -> None:
    await town.run(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.text LIKE '%kettle%' THEN RAISE EXCEPTION 'too late'; END IF; RETURN NULL; END $$"""
    )
    await town.run(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    await town.do(line(AIKO, "my kettle"), line(AIKO, "my lamp"))
    assert await town.value(WAITING) == 0
    assert await town.value("SELECT count(*) FROM messages WHERE text = 'my lamp'") == 1
