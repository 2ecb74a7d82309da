"""The square as a channel: posts arrive as rows, the offer is a post in the topic, the private place is our page."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot.channel import (
    Author,
    Deleted,
    Edited,
    Event,
    NeverDeliverable,
    Post,
    PrivateLine,
    PublicOffer,
    Take,
    Unknown,
    Unreadable,
    WayIn,
)
from handoff import members, square, tokens
from handoff.database import Database
from handoff.square import SquarePost
from handoff.square_errors import NoSuchPost

PUBLIC_THREAD = 200
"""Posts of a topic that are attached to a thread at most: the newest."""


class _Member(msgspec.Struct):
    id: str
    name: str
    is_bot: bool


class _Payload(msgspec.Struct):
    kind: Literal["post", "edited", "deleted"]
    id: str
    topic: str
    answers: str | None
    member: _Member
    text: str
    at: datetime


class Square:
    """The forum at `/square`. A post and its update are written in one transaction, so there is nothing to fetch."""

    name = square.CHANNEL

    def __init__(self, database: Database, public_origin: str, bot_name: str) -> None:
        """`public_origin`: where customers reach our pages. `bot_name`: the name under which the bot posts."""
        self._database = database
        self._origin = public_origin
        self._bot_name = bot_name

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """The one event in an update. Raises `Unreadable`."""
        try:
            said = msgspec.convert(payload, _Payload)
        except msgspec.ValidationError as error:
            raise Unreadable(str(error)) from error
        author = Author(said.member.id, said.member.name, said.member.name, said.member.is_bot)
        match said.kind:
            case "post":
                url = self._url(said.topic, said.id)
                return [Post(self.name, said.id, author, said.text, said.at, said.answers, said.topic, url)]
            case "edited":
                return [Edited(self.name, said.id, author, said.text, said.at)]
            case "deleted":
                return [Deleted(self.name, said.id, said.at)]

    async def listen(self, take: Take) -> None:
        """Wait for ever: whoever posts writes the update down."""
        await asyncio.Event().wait()

    async def offer(self, offer: PublicOffer) -> str:
        """Answer the post with the offer; the same token is said once. Raises `NeverDeliverable`, `Unknown`."""
        try:
            async with self._database.transaction("square.offer") as session:
                answered = await square.get(session, int(offer.in_reply_to), locked=True)
                bot = await members.bot_member(session, self._bot_name)
                key, link = _key(offer.token), self.link(offer.token)
                said = await square.post(
                    session, bot, offer.text, key=key, answers=answered, link=link, label=offer.label
                )
        except NoSuchPost as error:
            raise NeverDeliverable("the post is gone") from error
        except SQLAlchemyError as error:
            raise Unknown("the record broke off") from error
        return str(said.id)

    async def find_offer(self, token: str) -> str | None:
        """The id of the post that says the offer, if it was said. Raises `Unknown`."""
        try:
            async with self._database.reading() as session:
                found = await session.scalar(select(SquarePost.id).where(SquarePost.key == _key(token)))
        except SQLAlchemyError as error:
            raise Unknown("the record cannot be read") from error
        return str(found) if found else None

    async def send(self, line: PrivateLine) -> str:
        """Nothing leaves the house: the chat page shows what the record says was sent."""
        return line.key

    async def fetch(self, source: str, largest: int) -> bytes:
        """Files come by our own page, with the line that they belong to."""
        raise NeverDeliverable("there are no files here")

    async def public_thread(self, post_id: str, place: str | None, known: Sequence[str] = ()) -> Sequence[Post]:
        """The posts of the topic, oldest first, without those that were removed. Raises `Unknown`."""
        topic = int(place or post_id)
        try:
            async with self._database.reading() as session:
                posts = await square.newest(session, topic, PUBLIC_THREAD)
        except SQLAlchemyError as error:
            raise Unknown("the record cannot be read") from error
        return [self._post(one) for one in posts]

    def link(self, token: str) -> str:
        """The page where the author of the post opts in."""
        return f"{self._origin}/h/{token}"

    def way_in(self, token: str) -> WayIn:
        """None of its own: our page looks at the square's cookie."""
        return WayIn()

    def _post(self, one: SquarePost) -> Post:
        author = Author(str(one.member_id), one.member.name, one.member.name, one.member.is_bot)
        answers = str(one.answers_id) if one.answers_id else None
        topic = str(one.topic)
        return Post(self.name, str(one.id), author, one.text, one.at, answers, topic, self._url(topic, str(one.id)))

    def _url(self, topic: str, post_id: str) -> str:
        return f"{self._origin}/square/t/{topic}#p{post_id}"


def _key(token: str) -> str:
    return f"offer:{tokens.digest(token)}"
