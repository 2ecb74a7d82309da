"""The public thread around a post on X: the way up to the root, what the author added, and what is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Deleted, Post, TryLater
from bot.channels.x import X
from tests.bot.channels.on_x import PlayMoney
from tests.peers.fake_x import FakeX
from tests.peers.fake_x_posts import Post as PostOnX

LOOK, SEARCH = "GET /2/tweets", "GET /2/tweets/search/recent"


async def around(x: X, post: PostOnX, *known: str) -> list[str]:
    """The texts around a post, tombstones in square brackets."""
    found = await x.public_thread(post.id, None, known)
    return [one.text if isinstance(one, Post) else f"[{one.id}]" for one in found]


async def test_the_thread_is_read_up_to_the_root_with_all_that_its_author_added(fake_x: FakeX, x: X) -> None:
    root = fake_x.post("Noor", "Is anybody's parcel late?")
    answer = fake_x.post("Mara", "Mine is.", answers=root)
    fake_x.post("José", "Mine is not.", answers=root)
    told = fake_x.post("Noor", "Tell them!", answers=answer)
    mention = fake_x.post("Mara", "@northwind_help my parcel is late, see https://a.example/1", answers=told)
    added = fake_x.post("Mara", "And it was a present.", answers=mention)
    fake_x.post("Mara", "Another day, another thing.")
    summoned = mention.text.replace(mention.wording.links[0].short, "https://a.example/1")
    assert await around(x, mention) == [root.text, answer.text, told.text, summoned, added.text]
    assert fake_x.count(LOOK) <= 4
    [first, *_] = await x.public_thread(root.id, None)
    assert isinstance(first, Post)
    assert (first.id, first.author.handle, first.place, first.at) == (root.id, "noor", root.id, root.created_at)


async def test_what_was_deleted_or_protected_since_is_a_tombstone(fake_x: FakeX, x: X) -> None:
    root = fake_x.post("Noor", "Is anybody's parcel late?")
    mention = fake_x.post("Mara", "@northwind_help mine is", answers=root)
    other = fake_x.post("José", "mine, too", answers=mention)
    known = [root.id, other.id]
    assert len(await around(x, mention, *known)) == 3
    fake_x.delete(root)
    fake_x.protect("José")
    found = await x.public_thread(mention.id, None, known)
    assert [one.id for one in found if isinstance(one, Deleted)] == known
    assert [one.id for one in found if isinstance(one, Post)] == [mention.id]
    fake_x.suspend("Mara")
    found = await x.public_thread(mention.id, None, known)
    assert {one.id for one in found if isinstance(one, Deleted)} == {mention.id, *known}


async def test_whether_posts_are_still_there_costs_one_read_for_each_that_is(
    fake_x: FakeX, x: X, money: PlayMoney
) -> None:
    mention = fake_x.post("Mara", "@northwind_help help")
    others = [fake_x.post("Noor", f"me too {number}", answers=mention) for number in range(119)]
    for one in others[:5]:
        fake_x.delete(one)
    found = await x.gone([mention.id, *(one.id for one in others)])
    assert [one.id for one in found] == [one.id for one in others[:5]]
    assert money.spent["post read"] == 115


@pytest.mark.parametrize("naming", ["tweet", "post"])
async def test_an_edited_post_has_its_first_id_and_its_newest_words(fake_x: FakeX, x: X, naming: str) -> None:
    fake_x.naming = "post" if naming == "post" else "tweet"
    first = fake_x.post("Mara", "@northwind_help my parcle is late")
    fake_x.edit(first, "@northwind_help my parcel is late")
    [post] = await x.public_thread(first.id, None)
    assert isinstance(post, Post)
    assert (post.id, post.text, post.at) == (first.id, "@northwind_help my parcel is late", first.created_at)


async def test_a_long_thread_is_read_no_further_than_twenty_posts_up(fake_x: FakeX, x: X) -> None:
    post = fake_x.post("Noor", "post 0")
    for number in range(1, 40):
        post = fake_x.post(("Noor", "Mara")[number % 2], f"post {number}", answers=post)
    last = fake_x.post("José", "@northwind_help and now?", answers=post)
    found = await around(x, last)
    assert found[0].endswith("post 0"), "the root is told in any case"
    assert found[1].endswith("post 20")
    assert len(found) == 22
    assert fake_x.count(LOOK) <= 12


async def test_where_a_post_in_between_is_gone_the_root_is_found_all_the_same(fake_x: FakeX, x: X) -> None:
    root = fake_x.post("Noor", "Is anybody's parcel late?")
    between = fake_x.post("José", "Mine, too", answers=root)
    mention = fake_x.post("Mara", "@northwind_help and mine", answers=between)
    fake_x.delete(between)
    found = await x.public_thread(mention.id, None)
    assert [one.id for one in found if isinstance(one, Post)] == [root.id, mention.id]


async def test_of_an_author_who_writes_without_end_three_pages_are_read(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    mention = fake_x.post("Mara", "@northwind_help help")
    for number in range(120):
        fake_x.post("Mara", f"help {number}", answers=mention)
    assert len(await around(x, mention)) == 91
    assert fake_x.count(SEARCH) == 3
    assert money.spent["post read"] <= 200


async def test_a_post_older_than_the_search_reaches_is_not_searched_for(fake_x: FakeX, x: X) -> None:
    old = fake_x.post("Mara", "@northwind_help help", at=datetime.now(UTC) - timedelta(days=8))
    assert await around(x, old) == ["@northwind_help help"]
    assert fake_x.count(SEARCH) == 0


async def test_where_x_stops_us_half_way_we_are_content_with_what_there_is(fake_x: FakeX, x: X) -> None:
    mention = fake_x.post("Mara", "@northwind_help help")
    fake_x.post("Mara", "please", answers=mention)
    fake_x.trouble.html_503("/2/tweets/search/recent")
    assert await around(x, mention) == ["@northwind_help help"]
    fake_x.trouble.html_503("/2/tweets")
    with pytest.raises(TryLater):
        await around(x, mention)


async def test_more_known_posts_than_x_shows_at_once_are_all_asked_for(fake_x: FakeX, x: X) -> None:
    mention = fake_x.post("Mara", "@northwind_help help")
    known = [fake_x.post("Noor", f"me too {number}", answers=mention).id for number in range(150)]
    assert len(await around(x, mention, *known)) == 151
    assert fake_x.count(LOOK) == 2
