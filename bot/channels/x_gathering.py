"""The public thread around a post on X: what it answers, up to the root; what its author added; and what is gone."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.channel import Author, ChannelError, Deleted, Halted, Post
from bot.channels.x_calling import FIELDS, Calls
from bot.channels.x_listening import SEARCH
from bot.channels.x_reading import CHANNEL, author_of, public, words
from bot.channels.x_shapes import Found, User, XPost, time_of

HOPS = 20
"""Posts that we go up at most, from one to the post that it answers."""

PAGES = 3
"""Pages of the author's own posts that are read at most."""

PAGE = 30
"""Posts of such a page; few people write more on one problem."""

AT_ONCE = 100
"""Posts that X shows in one call by their ids."""

PATIENCE = 6.0
"""Seconds for all that goes beyond the first look: an offer has ten from its claim on, and a turn of a talk fifteen."""

HIDDEN = ("resource-not-found", "not-authorized-for-resource")
"""How X says that a post is deleted, or its author protected, suspended or gone."""

log = logging.getLogger(__name__)


async def gone(calls: Calls, ids: Sequence[str]) -> Sequence[Deleted]:
    """Those of the posts that are gone. What is still there costs one read each, for nothing is shown beside it.

    Raises `ChannelError`.
    """
    parts = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    hidden = {id for part in parts for id in await _hidden(calls, part)}
    return [Deleted(CHANNEL, id, datetime.now(UTC)) for id in ids if id in hidden]


async def _hidden(calls: Calls, ids: Sequence[str]) -> set[str]:
    return _gone(await calls.find("post read", len(ids), lambda x: x.get_tweets(list(ids), user_auth=False)))


class Gathering:
    """One look at one conversation: what was found so far."""

    def __init__(self, calls: Calls, patience: float = PATIENCE) -> None:
        self._calls, self._patience = calls, patience
        self._found: dict[str, XPost] = {}
        self._wanted: set[str] = set()
        self._users: dict[str, User] = {}
        self._gone: set[str] = set()

    async def around(self, post_id: str, known: Sequence[str]) -> Sequence[Post | Deleted]:
        """The posts around one, oldest first, and those of `known` that are gone. Raises `ChannelError`.

        Where X stops us half-way we are content with what is there: the post itself and what is known come first.
        """
        asked = list(dict.fromkeys([post_id, *known]))
        for start in range(0, len(asked), AT_ONCE):
            await self._look_up(asked[start : start + AT_ONCE])
        try:
            async with asyncio.timeout(self._patience):
                await self._newest_versions()
                await self._parents(post_id)
                await self._own_posts(post_id)
        except Halted:
            raise
        except (ChannelError, TimeoutError) as error:
            log.warning("the conversation of post %s is not whole: %r", post_id, error)
        return self._in_order(asked)

    async def _look_up(self, ids: Sequence[str]) -> None:
        """Posts by their ids, with those that they answer or quote, which cost as much."""
        self._wanted |= set(ids)
        most = 2 * len(ids)
        found = await self._calls.find("post read", most, lambda x: x.get_tweets(list(ids), user_auth=False, **FIELDS))
        self._keep(found)
        self._gone |= _gone(found)

    async def _newest_versions(self) -> None:
        """An edited post is shown as it was; its newest words are under another id."""
        newest = {self._found[id].versions[-1] for id in self._wanted & set(self._found)} - set(self._found)
        if newest:
            await self._look_up(sorted(newest)[:AT_ONCE])

    async def _parents(self, post_id: str) -> None:
        """Up to the root; where a post in between is gone, or the way is too far, at least the root itself."""
        above = post_id
        for _ in range(HOPS):
            post = self._found.get(above)
            parent = post.reference("replied_to") if post else None
            if parent is None:
                break
            above = parent.id
            await self._look_up_once(above)
        if start := self._found.get(post_id):
            await self._look_up_once(start.conversation_id or post_id)

    async def _look_up_once(self, id: str) -> None:
        self._wanted.add(id)
        if id not in self._found and id not in self._gone:
            await self._look_up([id])

    async def _own_posts(self, post_id: str) -> None:
        """What the author of the post wrote in this conversation, as far back as X lets us search."""
        post = self._found.get(post_id)
        if post is None or time_of(post.id) < datetime.now(UTC) - SEARCH:
            return
        query = f"conversation_id:{post.conversation_id or post.versions[0]} from:{post.author_id}"
        options: dict[str, Any] = {**FIELDS, "max_results": PAGE}
        for _ in range(PAGES):
            found = await self._calls.find("post read", PAGE, lambda x: x.search_recent_tweets(query, **options))
            self._wanted |= self._keep(found)
            if not found.meta.next_token:
                return
            options["next_token"] = found.meta.next_token

    def _keep(self, found: Found) -> set[str]:
        """Remember what came; the ids of what was asked for."""
        for user in _all(found.includes.users, User):
            self._users[user.id] = user
        for post in _all([*found.includes.others, *found.data], XPost):
            self._found[post.id] = post
        return {str(post.get("id")) for post in found.data}

    def _in_order(self, asked: Sequence[str]) -> Sequence[Post | Deleted]:
        """Each post once, under its first id with its newest words, and a tombstone for each that was asked for."""
        posts: dict[str, Post] = {}
        wanted = [post for id, post in self._found.items() if id in self._wanted]
        for post in sorted(wanted, key=lambda post: int(post.id)):
            first = self._found.get(post.versions[0], post)
            said = public(first, self._author(post), words(post))
            posts[said.id] = said
        gone = [Deleted(CHANNEL, id, datetime.now(UTC)) for id in asked if id in self._gone and id not in posts]
        return [*gone, *sorted(posts.values(), key=lambda post: int(post.id))]

    def _author(self, post: XPost) -> Author:
        return author_of(post, list(self._users.values()))


def _gone(found: Found) -> set[str]:
    return {str(one.resource_id or one.value) for one in found.errors if one.type.endswith(HIDDEN)}


def _all(raw: Iterable[Mapping[str, Any]], kind: type[Any]) -> Iterable[Any]:
    """Those that have the shape that we know."""
    for one in raw:
        try:
            yield msgspec.convert(one, kind)
        except msgspec.ValidationError as error:
            log.warning("X brought something odd: %s", error)
