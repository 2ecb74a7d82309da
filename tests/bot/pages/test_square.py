"""The pages of the forum."""

import re

import pytest
from markupsafe import escape
from sqlalchemy import text

from bot.brand import read_brand
from bot.pages.app import create_app
from bot.pages.pace import LIMITS
from handoff import members, square
from handoff.database import Database
from handoff.live import Live
from tests.bot.pages.conftest import BRAND
from tests.bot.pages.world import COMPLAINT, World, chatting, hidden, post, words

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<div hx-get="/square" hx-trigger="load">',
    "javascript:alert(1)",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}${7*7}",
    "</textarea></title><script>alert(1)</script>",
    "' OR 1=1 --",
]


async def test_an_empty_square_says_what_to_try(world: World) -> None:
    page = await world.visitor().get("/square")
    assert "Nobody has posted yet" in words(page.text)
    assert "Northwind reads along and may offer you help, automatically and once." in words(page.text)
    assert (await world.visitor().get("/")).url.path == "/square"


async def test_a_name_is_picked_before_the_first_post_and_kept_by_the_browser(world: World) -> None:
    visitor = world.visitor()
    assert (await visitor.post("/square", data={"text": "Hello"})).status_code == 403
    joined = await visitor.post("/square/join", data={"name": "Mara", "back": "/square"})
    cookie = joined.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await post(visitor, "Hello")).url.path == "/square/t/1"


async def test_a_name_that_is_taken_is_refused_and_kept_in_the_form(world: World) -> None:
    await world.member("Mara")
    answer = await world.visitor().post("/square/join", data={"name": "MARA"})
    assert answer.status_code == 422
    assert "is taken" in words(answer.text)
    assert 'value="MARA"' in answer.text


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/inbox", ""])
async def test_joining_leads_nowhere_else(world: World, back: str) -> None:
    answer = await world.visitor().post("/square/join", data={"name": "Mara", "back": back})
    assert str(answer.url) == f"{world.origin}/square"


@pytest.mark.parametrize("nasty", NASTY)
async def test_what_is_posted_stays_text(world: World, nasty: str) -> None:
    mara = await world.member("Mara")
    page = await post(mara, nasty)
    for shown in (page, await mara.get("/square"), await mara.get("/square/p/1/edit")):
        assert str(escape(nasty)) in shown.text
        assert "<script>alert" not in shown.text
        assert "<img" not in shown.text
        assert "<svg onload" not in shown.text
        assert "<div hx-get" not in shown.text


@pytest.mark.parametrize("said", ["😀", "مرحبا، لدي مشكلة", "שלום", "a\u202eb", "日本語", "x" * 4000, "\x00hidden"])
async def test_any_writing_can_be_posted(world: World, said: str) -> None:
    mara = await world.member("Mara")
    page = await post(mara, said)
    assert page.status_code == 200
    assert said.replace("\x00", "") in page.text
    assert 'dir="auto"' in page.text


@pytest.mark.parametrize(
    ("said", "sentence"), [("", "Write something first"), ("x" * 4097, "can have 4,000 characters")]
)
async def test_what_cannot_be_posted_comes_back_with_the_reason(world: World, said: str, sentence: str) -> None:
    mara = await world.member("Mara")
    topic = await post(mara, "Hello")
    for path in ("/square", topic.url.path, "/square/p/1/edit"):
        answer = await mara.post(path, data={"text": said, "key": "k"})
        assert answer.status_code == 422
        assert sentence in words(answer.text)
        assert f">{said}</textarea>" in answer.text
        assert 'aria-invalid="true"' in answer.text


async def test_a_megabyte_is_too_much(world: World) -> None:
    mara, link = await chatting(world)
    for path in ("/square", f"{link}/say", "/square/join"):
        answer = await mara.post(path, data={"text": "x" * 1_000_000})
        assert answer.status_code == 413
        assert "too much at once" in words(answer.text)


async def test_a_message_that_is_too_long_comes_back_with_the_reason(world: World) -> None:
    mara, link = await chatting(world)
    answer = await mara.post(f"{link}/say", data={"text": "y" * 4097})
    assert answer.status_code == 422
    assert "Characters too many: 1. Shorten it" in words(answer.text)
    assert "y" * 4097 in answer.text
    assert (await mara.post(f"{link}/say", data={"text": "y" * 4096})).status_code == 200


async def test_who_posts_too_fast_is_asked_to_wait_and_keeps_the_text(world: World) -> None:
    mara = await world.member("Mara")
    for number in range(int(LIMITS["post"].split("/")[0])):
        assert (await post(mara, f"Post {number}")).status_code == 200
    answer = await post(mara, "One too many")
    assert answer.status_code == 429
    assert re.search(r"Please wait \d+ seconds", words(answer.text))
    assert ">One too many</textarea>" in answer.text
    assert (await post(await world.member("Noor"), "I am slow")).status_code == 200


async def test_who_writes_too_fast_in_the_chat_is_asked_to_wait_and_keeps_the_text(world: World) -> None:
    mara, link = await chatting(world)
    for number in range(int(LIMITS["say"].split("/")[0])):
        assert (await mara.post(f"{link}/say", data={"text": f"Line {number}"})).status_code == 200
    answer = await mara.post(f"{link}/say", data={"text": "One too many"})
    assert answer.status_code == 429
    assert ">One too many</textarea>" in answer.text


async def test_a_long_topic_has_pages_with_plain_addresses(world: World) -> None:
    mara = await world.member("Mara")
    await post(mara, "The beginning")
    async with world.database.transaction("test") as session:
        first = await square.get(session, 1)
        member = await session.get_one(members.Member, first.member_id)
        for number in range(square.PAGE):
            await square.post(session, member, f"Answer number {number}.", key=f"k{number}", answers=first)
            await square.post(session, member, f"Topic number {number}.", key=f"t{number}")
    page = await mara.get("/square/t/1")
    assert 'href="/square/t/1?page=2"' in page.text
    last = await mara.get("/square/t/1?page=2")
    assert "Answer number 19." in words(last.text)
    assert "Answer number 18." not in words(last.text)
    assert 'href="/square?page=2"' in (await mara.get("/square")).text
    answered = await post(mara, "At the end", "/square/t/1")
    assert str(answered.url).endswith("/square/t/1?page=2#p42")
    for odd in ("0", "-1", "x", "99999999999999999999"):
        assert (await mara.get(f"/square?page={odd}")).status_code == 404
        assert (await mara.get(f"/square/t/{odd}")).status_code == 404
    assert "no topics on this page" in words((await mara.get("/square?page=77")).text)


async def test_an_answer_can_be_to_one_of_the_answers(world: World) -> None:
    mara, noor = await world.member("Mara"), await world.member("Noor")
    await post(mara, "A question")
    await post(noor, "An answer", "/square/t/1")
    form = await mara.get("/square/t/1?answer=2")
    assert "Your answer to Noor" in words(form.text)
    data = {"text": "Thank you", "answers": hidden(form.text, "answers"), "key": "k"}
    assert "to Noor" in words((await mara.post("/square/t/1", data=data)).text)


async def test_an_author_edits_and_deletes_and_nobody_else_can(world: World) -> None:
    mara, noor = await world.member("Mara"), await world.member("Noor")
    await post(mara, "My kettel")
    for path in ("/square/p/1/edit", "/square/p/1/delete"):
        assert (await noor.post(path, data={"text": "Mine now"})).status_code == 403
        assert (await world.visitor().post(path, data={"text": "Mine now"})).status_code == 403
    edited = await mara.post("/square/p/1/edit", data={"text": "My kettle"})
    assert "My kettle" in words(edited.text)
    assert "edited" in words(edited.text)
    deleted = await mara.post("/square/p/1/delete")
    assert "Deleted by its author." in words(deleted.text)
    assert "My kettle" not in deleted.text
    assert (await mara.get("/square/p/1")).status_code == 404
    assert "takes no more answers" in words(deleted.text)


async def test_a_reader_reports_a_post_and_a_moderator_removes_it(world: World) -> None:
    mara, noor = await world.member("Mara"), await world.member("Noor")
    await post(mara, "Something rude")
    assert "Report this post?" in words((await noor.get("/square/p/1/report")).text)
    assert "A moderator will look" in words((await noor.post("/square/p/1/report")).text)
    async with world.database.transaction("test") as session:
        assert [found.id for found in await square.reported(session)] == [1]
        await square.remove(session, 1, "Ana")
    page = await noor.get("/square/t/1")
    assert "Removed by a moderator." in words(page.text)
    assert "rude" not in page.text


async def test_a_silenced_member_is_told_so(world: World) -> None:
    mara = await world.member("Mara")
    await post(mara, "Hello")
    async with world.database.transaction("test") as session:
        await members.silence(session, 1)
    for path in ("/square", "/square/t/1"):
        assert "silenced this name" in words((await mara.get(path)).text)
        assert (await mara.post(path, data={"text": "Still here"})).status_code == 422


async def test_another_site_cannot_post_in_a_members_name(world: World) -> None:
    mara = await world.member("Mara")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}):
        assert (await mara.post("/square", data={"text": "Spam"}, headers=headers)).status_code == 403
    assert "Spam" not in (await mara.get("/square")).text


async def test_a_look_for_news_is_answered_with_nothing_when_there_is_none(world: World) -> None:
    mara = await world.member("Mara")
    page = await post(mara, "Hello")
    version = re.search(r'data-version="([^"]+)"', page.text)
    assert version
    news = {"since": version[1]}
    assert (await mara.get("/square/t/1", params=news)).status_code == 204
    await post(mara, "More", "/square/t/1")
    assert (await mara.get("/square/t/1", params=news)).status_code == 200
    assert (await mara.get("/square/t/1", params={"since": "yesterday"})).status_code == 404


async def test_every_page_says_what_the_browser_must_not_do(world: World) -> None:
    for path in ("/square", "/privacy", "/h/nothing", "/stop/nothing", "/nothing"):
        headers = (await world.visitor().get(path)).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


async def test_a_record_that_is_away_is_said_plainly(world: World) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    world.app = create_app(world.settings, read_brand(BRAND), away, world.flow, Live(away))
    visitor = world.visitor()
    page = await visitor.get("/square")
    assert page.status_code == 503
    assert "Try again in a moment; nothing you wrote is lost." in words(page.text)
    assert (await visitor.get("/healthz")).status_code == 503
    assert (await visitor.get("/privacy")).status_code == 200
    await away.close()


async def test_the_pages_say_that_they_are_well(world: World) -> None:
    assert (await world.visitor().get("/healthz")).json() == {"database": "ok"}


async def test_the_cookie_is_bound_to_the_host_where_there_is_https(world: World) -> None:
    settings = world.settings.model_copy(update={"public_url": "https://help.northwind.example"})
    settings.__dict__.pop("public_origin", None)
    world.app = create_app(settings, read_brand(BRAND), world.database, world.flow, world.live)
    joined = await world.visitor().post(
        "/square/join",
        data={"name": "Mara"},
        headers={"Origin": "https://help.northwind.example"},
        follow_redirects=False,
    )
    assert joined.headers["set-cookie"].startswith("__Host-knock-square=")
    assert "Secure" in joined.headers["set-cookie"]
    async with world.database.reading() as session:
        token = (await session.scalars(text("SELECT token_hash FROM square_members"))).one()
    assert token not in joined.headers["set-cookie"]


async def test_no_offer_joins_a_pile_on(world: World) -> None:
    topic = await post(await world.member("Voice 0"), "Northwind is the worst shop there is")
    for number in range(1, 12):
        await post(await world.member(f"Voice {number}"), "Yes, the worst", topic.url.path)
    await post(await world.member("Mara"), COMPLAINT, topic.url.path)
    await world.work()
    async with world.database.reading() as session:
        rows = await session.execute(text("SELECT state, why FROM offers ORDER BY id DESC LIMIT 1"))
    assert rows.one() == ("failed", "guard: pile-on")
