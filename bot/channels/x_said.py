"""What our account said on X: there it is found out whether an offer went out that nobody confirmed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.channel import Author
from bot.channels.x_calling import Calls
from bot.channels.x_shapes import Address, Found, id_at

PAGE = 100
PAGES = 5
"""Pages of our timeline that are read at most; X lets us say less in an hour."""

SETTLING = timedelta(minutes=2)
"""For how long a post of ours may turn up late in our timeline."""

KEPT = 10_000
"""Links that are remembered."""


class Said:
    """Our posts by the links in them. What was read is remembered, so that looking again costs only what is new."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._posts: dict[str, str] = {}
        self._newest: str | None = None

    async def with_link(self, us: Author, path: str) -> str | None:
        """The id of our post with an address that ends in `path`. Raises `ChannelError`."""
        if path not in self._posts:
            await self._look(us)
        return self._posts.get(path)

    async def _look(self, us: Author) -> None:
        options: dict[str, Any] = {"tweet_fields": "entities", "max_results": PAGE}
        if self._newest is not None:
            settled = id_at(datetime.now(UTC) - SETTLING)
            options["since_id"] = min(self._newest, settled, key=int)
        newest = int(self._newest or 0)
        for _ in range(PAGES):
            found = await self._calls.find("post read", PAGE, lambda x: x.get_users_tweets(us.id, **options))
            newest = max(newest, *map(int, _remember(self._posts, found)), 0)
            if not found.meta.next_token:
                break
            options["pagination_token"] = found.meta.next_token
        self._newest = str(newest) if newest else None
        while len(self._posts) > KEPT:
            del self._posts[next(iter(self._posts))]


def _remember(posts: dict[str, str], found: Found) -> list[str]:
    """Keep the links of some posts; the ids of these."""
    ids = [str(post["id"]) for post in found.data if str(post.get("id", "")).isdigit()]
    for post in found.data:
        entities = post.get("entities")
        for url in entities.get("urls") or [] if isinstance(entities, dict) else []:
            address = msgspec.convert(url, Address).expanded_url or ""
            path = address[address.rfind("/h/") :]
            if path.startswith("/h/"):
                posts[path] = str(post.get("id"))
    return ids
