"""Posts that we asked X for are written down, each with all that we need to know of it; the cursor follows."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from bot.channel import Author, Take, Update
from bot.channels.x_calling import patiently
from bot.channels.x_reading import CHANNEL
from bot.channels.x_shapes import Found
from handoff import cursors
from handoff.database import Database

BATCH = 500
"""Updates that are written down at once."""

log = logging.getLogger(__name__)


class Cursor:
    """Up to where we have read, kept in the record."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name

    async def at(self) -> str | None:
        """Where reading goes on; `None` if nothing was read yet."""
        async with self._database.reading() as session:
            return await cursors.at(session, self._name)

    async def move(self, id: str) -> None:
        """All up to `id` is written down. It never goes back."""
        async with self._database.transaction("x.cursor") as session:
            before = await cursors.at(session, self._name)
            if before is None or int(before) < int(id):
                await cursors.move(session, self._name, id)


async def write_down(posts: Iterable[Update], take: Take, cursor: Cursor | None = None) -> None:
    """Hand posts over, oldest first; the cursor, if there is one, follows what was taken."""
    waiting = sorted(posts, key=number)
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        await patiently(partial(take, batch), "Mentions cannot be written down")
        if cursor is not None:
            await patiently(partial(cursor.move, post_id(batch[-1])), "Where we stopped reading X cannot be kept")


def updates(pages: Iterable[Found], us: Author) -> Iterator[Update]:
    """The posts of some pages, each as an update that says all we need to know. One without an id is left out."""
    for page in pages:
        users = {str(user.get("id")): user for user in page.includes.users}
        wrote = {str(post.get("id")): post.get("author_id") for post in page.includes.others}
        for post in page.data:
            if re.fullmatch(r"[0-9]{1,19}", id := str(post.get("id"))):
                yield Update(CHANNEL, f"post:{id}", _payload(post, users, wrote, us))
            else:
                log.error("X brought something that is no post")


def post_id(update: Update) -> str:
    """The post that an update is about."""
    return update.id.removeprefix("post:")


def number(update: Update) -> int:
    """By which posts are put in order: roughly, but nearly, that of their times."""
    return int(post_id(update))


def _payload(
    post: Mapping[str, Any], users: Mapping[str, Any], wrote: Mapping[str, Any], us: Author
) -> Mapping[str, Any]:
    """The post as it came; of what stood beside it only its author, and who wrote the posts that it refers to."""
    author = users.get(str(post.get("author_id")))
    references = post.get("referenced_posts") or post.get("referenced_tweets") or []
    ids = [str(one.get("id")) for one in references if isinstance(one, Mapping)]
    known = [{"id": id, "author_id": wrote[id]} for id in ids if id in wrote]
    return {"us": us.id, "post": post, "users": [author] if author else [], "referenced": known}
