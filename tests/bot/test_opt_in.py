"""The yes: only the author's, written down with its words, and before it no private word."""

import asyncio
from collections import Counter
from datetime import timedelta

from bot.channel import TryLater
from tests.bot.town import COMPLAINT, Town, click, line, post, update
from tests.cast import AIKO, MARA, TROLL

HELLO = "Hello, this is Northwind's automated assistant."


async def test_no_private_word_before_an_opt_in(town: Town) -> None:
    await town.offered(MARA)
    await town.pass_time(timedelta(hours=2))
    await town.work()
    assert town.street.lines == []
    assert await town.value("SELECT count(*) FROM messages WHERE delivery IS NOT NULL OR kind = 'chat'") == 0


async def test_the_yes_is_written_down_with_its_time_its_words_and_its_proof(town: Town) -> None:
    thread = await town.thread(await town.opted_in(MARA))
    assert thread.opt_in is not None
    assert "You will chat in private with Northwind's automated assistant" in thread.opt_in.wording
    assert (thread.opt_in.wording_version, thread.opt_in.proof) == ("2026-12", "pressed Start")
    assert thread.opt_in.at >= thread.opened_at
    assert town.heard_by(MARA)[0].startswith(HELLO)


async def test_the_person_who_opts_in_is_the_author_of_the_post(town: Town) -> None:
    token = await town.offered(MARA)
    await town.do(click(TROLL, token))
    assert await town.value("SELECT count(*) FROM opt_ins JOIN offers USING (thread_id)") == 0
    assert town.heard_by(MARA) == []
    assert not any("parcel" in said for said in town.heard_by(TROLL))
    assert await town.value("SELECT count(*) FROM messages WHERE by = 'other' AND text LIKE 'Somebody%not the author%'")


async def test_a_stranger_with_the_link_gets_a_neutral_answer_and_a_talk_of_their_own(town: Town) -> None:
    await town.do(click(TROLL, await town.offered(MARA)))
    assert "That link was made for somebody else" in town.heard_by(TROLL)[1]
    thread = await town.thread(await town.value("SELECT thread_id FROM opt_ins"))
    assert COMPLAINT not in [message.text for message in thread.messages]


async def test_the_page_behind_a_link_tells_who_is_asked_for_and_nothing_of_what_was_said(town: Town) -> None:
    token = await town.offered(MARA)
    before = await town.value("SELECT json_agg(t) #>> '{}' FROM threads t")
    landing = await town.flow.landing(token)
    assert landing is not None
    assert COMPLAINT not in repr(landing)
    assert "mara" not in repr(landing).lower()
    assert await town.value("SELECT json_agg(t) #>> '{}' FROM threads t") == before


async def test_two_clicks_at_once_are_one_yes(town: Town) -> None:
    token = await town.offered(MARA)
    clicked = await asyncio.gather(*(town.flow.on_click(click(MARA, token)) for _ in range(6)))
    assert Counter(one.outcome for one in clicked) == {"opted_in": 1, "already": 5}
    await town.work()
    assert sum(said.startswith(HELLO) for said in town.heard_by(MARA)) == 1


async def test_the_author_and_a_stranger_who_click_at_once_each_get_what_is_theirs(town: Town) -> None:
    token = await town.offered(MARA)
    await town.flow.take([update(click(TROLL, token)), update(click(MARA, token))])
    await asyncio.gather(town.flow.handle_next(), town.flow.handle_next())
    await town.work()
    assert await town.value("SELECT count(*) FROM opt_ins") == 2
    assert await town.value("SELECT count(*) FROM opt_ins JOIN offers USING (thread_id)") == 1


async def test_a_link_that_was_never_ours_opens_nothing(town: Town) -> None:
    assert await town.flow.landing("no-such-token") is None
    assert (await town.flow.on_click(click(MARA, "no-such-token"))).outcome == "unknown"
    assert await town.value("SELECT count(*) FROM opt_ins") == 0


async def test_a_token_of_broken_characters_is_an_unknown_one(town: Town) -> None:
    assert await town.flow.landing("\ud800\x00") is None
    assert (await town.flow.on_click(click(MARA, "\ud800\x00"))).outcome == "unknown"


async def test_a_link_is_over_after_a_week_but_its_author_is_not_turned_away(town: Town) -> None:
    token = await town.offered(MARA)
    await town.pass_time(timedelta(days=8))
    await town.bot.forget()
    assert (await town.flow.on_click(click(MARA, token))).outcome == "expired"
    await town.do(click(MARA, token))
    assert town.heard_by(MARA)[0].startswith(HELLO)


async def test_a_second_click_on_the_same_link_changes_nothing(town: Town) -> None:
    token = await town.offered(MARA)
    await town.do(click(MARA, token), click(MARA, token))
    assert sum(said.startswith(HELLO) for said in town.heard_by(MARA)) == 1


async def test_whoever_comes_by_themselves_is_welcome(town: Town) -> None:
    await town.do(click(AIKO, None))
    assert town.heard_by(AIKO)[0].startswith(HELLO)
    await town.do(line(AIKO, "I want a person"))
    assert await town.value("SELECT reason FROM cases") == "asked for a person"


async def test_a_private_line_out_of_the_blue_is_a_yes_too(town: Town) -> None:
    await town.do(line(AIKO, "My kettle is broken"))
    assert await town.value("SELECT proof FROM opt_ins") == "wrote to us"
    assert town.rasa.heard == ["/begin"]


async def test_a_click_proves_that_an_offer_in_doubt_was_sent(town: Town) -> None:
    town.street.outcomes.append(TimeoutError("the answer got lost"))
    await town.do(post(MARA))
    assert await town.value("SELECT state FROM offers") == "in_doubt"
    await town.do(click(MARA, town.street.offers[0].token))
    assert await town.value("SELECT state || ', ' || why FROM offers") == "sent, the link was clicked"
    assert len(town.street.offers) == 1


async def test_a_new_problem_told_in_the_old_chat_is_heard(town: Town) -> None:
    """Months after the first one: help is offered in public, and the customer answers where we talked before."""
    await town.opted_in(MARA)
    await town.do(line(MARA, "It is solved"))
    await town.pass_time(timedelta(days=40))
    await town.offered(MARA, "Northwind, help again, it broke!")
    await town.do(line(MARA, "Hello? It broke."))
    assert await town.value("SELECT count(*) FROM updates WHERE handled_at IS NULL") == 0
    thread = await town.thread(await town.value("SELECT max(id) FROM threads"))
    assert thread.opt_in is not None
    assert [message.text for message in thread.messages if message.by == "customer" and message.kind == "chat"] == [
        "Hello? It broke."
    ]
    assert len(town.street.offers) == 2


async def test_an_offer_that_waits_is_not_made_to_somebody_who_said_yes_meanwhile(town: Town) -> None:
    town.street.outcomes.append(TryLater(1, "too many"))
    await town.do(post(MARA), line(MARA, "Are you there?"))
    await town.pass_time(timedelta(seconds=2))
    await town.work()
    assert town.street.offers == []
    thread = await town.thread(await town.value("SELECT thread_id FROM opt_ins"))
    assert COMPLAINT in [message.text for message in thread.messages]
