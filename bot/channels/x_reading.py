"""What an update of X tells us: its JSON, read strictly where we look at it and not at all elsewhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from bot.channel import Author, Edited, Event, Post, PrivateMessage, Unreadable
from bot.channels import x_event_shapes
from bot.channels.x_event_shapes import DirectMessages
from bot.channels.x_shapes import Address, Item, User, XPost, time_of

CHANNEL = "x"

LEADING = re.compile(r"(?:@\w{1,15}\s+)*", re.ASCII)
"""The handles in front of an answer: X puts them there by itself."""

T = TypeVar("T")


def read(payload: Mapping[str, Any]) -> Sequence[Event]:
    """Events in one update, none if it is nothing to us, oldest first. Raises `Unreadable`."""
    if "post" in payload:
        item = _as(payload, Item)
        return list(_post(item, summoned=False))
    event = _as(payload.get("data"), x_event_shapes.Event)
    match event.event_type:
        case "post.mention.create" | "post.quote.create":
            post, includes = _as(event.payload, XPost), event.includes
            item = Item(event.filter.user_id, post, includes.users, list(includes.others))
            return list(_post(item, summoned=True))
        case "dm.received":
            return list(_messages(_as(event.payload, DirectMessages), event.filter.user_id))
    return []


def words(post: XPost) -> str:
    """The whole text as a reader sees it: addresses for X's short ones, and the signs for their escapes."""
    if post.note:
        return _plain(post.note.text, [*post.note.entities.urls, *post.entities.urls])
    return _plain(post.text, post.entities.urls)


def author_of(post: XPost, users: Sequence[User]) -> Author:
    """Who wrote a post, with handle and name where X told us."""
    user = next((one for one in users if one.id == post.author_id), None)
    return Author(post.author_id, user.username, user.name) if user else Author(post.author_id)


def public(post: XPost, author: Author, text: str | None = None, *, summons: bool = False) -> Post:
    """A post as all channels have it: known by the id of its first version."""
    first = post.versions[0]
    parent = post.reference("replied_to")
    return Post(
        CHANNEL,
        first,
        author,
        words(post) if text is None else text,
        (post.created_at if first == post.id else None) or time_of(first),
        in_reply_to=parent.id if parent else None,
        place=post.conversation_id or first,
        url=f"https://x.com/{author.handle or 'i'}/status/{first}",
        summons=summons,
    )


def _post(item: Item, *, summoned: bool) -> Iterator[Event]:
    """The post, and if it is a later version also that. Our own posts are none, nor is a post repeated by somebody."""
    post = item.post
    if post.author_id == item.us or post.reference("retweeted"):
        return
    said = public(post, author_of(post, item.users), summons=summoned or _summons(item))
    yield said
    if post.id != said.id:
        yield Edited(CHANNEL, said.id, said.author, said.text, post.created_at or time_of(post.id))


def _summons(item: Item) -> bool:
    """Whether X lets us answer: the author wrote our name, or quoted a post of ours."""
    quoted = item.post.reference("quoted")
    authors = {one.id: one.author_id for one in item.referenced}
    return (quoted is not None and authors.get(quoted.id) == item.us) or _names(item.post, item.us)


def _names(post: XPost, us: str) -> bool:
    """Whether the author wrote our name; in front of an answer it was X, if the answer does not begin before."""
    mentions = [*post.entities.mentions, *(post.note.entities.mentions if post.note else [])]
    text = post.note.text if post.note else post.text
    if post.reference("replied_to"):
        shown = post.display_text_range[0] if post.display_text_range else None
        start = _leading(text) if shown is None else shown
        text = text[start:]
    handles = {one.username for one in mentions if one.id == us}
    return any(re.search(rf"(?<!\w)@{re.escape(handle)}(?!\w)", text, re.IGNORECASE) for handle in handles)


def _leading(text: str) -> int:
    found = LEADING.match(text)
    return found.end() if found else 0


def _messages(messages: DirectMessages, us: str) -> Iterator[Event]:
    for one in messages.direct_message_events:
        said = one.message_create
        if said.sender_id == us:
            continue
        user = messages.users.get(said.sender_id)
        author = Author(said.sender_id, user.screen_name if user else None, user.name if user else None)
        text = _plain(said.message_data.text, said.message_data.entities.urls)
        yield PrivateMessage(CHANNEL, one.id, author, text, _moment(one.created_timestamp))


def _plain(text: str, addresses: Sequence[Address]) -> str:
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for one in addresses:
        if one.expanded_url and one.url:
            text = text.replace(one.url, one.expanded_url)
    return text


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _as(value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise Unreadable(f"not an update of X: {error}") from error
