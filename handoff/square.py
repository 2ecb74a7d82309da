"""The square: a public forum of our own, as a platform would keep it. What the bot hears of it comes as updates."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from handoff import database, members
from handoff.base import Base, clean, identity, now
from handoff.members import Member
from handoff.models import Update
from handoff.square_errors import NoSuchPost, NothingWritten, NotYours, PostTooLong, Silenced

CHANNEL = "square"

LONGEST_POST = 4000
"""Characters of one post."""

PAGE = 20
"""Topics, or posts of a topic, on one page."""


class SquarePost(Base):
    """A post on the square: the first of a topic, or a reply in one. `key` lets a post be said only once."""

    __tablename__ = "square_posts"
    __table_args__ = (
        Index("ix_square_posts_topics", "last_at", postgresql_where=text("topic_id IS NULL")),
        Index("ix_square_posts_topic_id", "topic_id", "id"),
        Index("ix_square_posts_reported", "reports", postgresql_where=text("reports > 0")),
    )

    id: Mapped[int] = identity()
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("square_posts.id"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("square_posts.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("square_members.id"), index=True)
    text: Mapped[str]
    at: Mapped[datetime] = now()
    last_at: Mapped[datetime] = now()
    """When the topic, or the post itself, last changed."""
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    reports: Mapped[int] = mapped_column(server_default="0")
    key: Mapped[str | None] = mapped_column(unique=True)
    link: Mapped[str | None]
    label: Mapped[str | None]

    member: Mapped[Member] = relationship(lazy="raise")
    answers: Mapped["SquarePost | None"] = relationship(lazy="raise", remote_side=[id], foreign_keys=[answers_id])

    @property
    def topic(self) -> int:
        """The id of its topic, which is its own for the first post."""
        return self.topic_id or self.id

    @property
    def title(self) -> str:
        """The first line, cut where it gets long."""
        line = (self.text.strip().splitlines() or [""])[0]
        return line if len(line) <= 90 else line[:90].rsplit(" ", 1)[0] + "…"


class Topic(NamedTuple):
    """The first post of a topic, and how many answers it has."""

    post: SquarePost
    replies: int


async def post(
    session: AsyncSession,
    member: Member,
    words: str,
    *,
    key: str,
    answers: SquarePost | None = None,
    link: str | None = None,
    label: str | None = None,
) -> SquarePost:
    """Say something, as a new topic or as an answer. The same `key` says it once and gives what was said then.

    Raises `Silenced`, `NothingWritten`, `PostTooLong`.
    """
    words = _checked(member, words)
    values = {"member_id": member.id, "text": words, "key": key, "link": link, "label": label}
    if answers is not None:
        values |= {"topic_id": answers.topic, "answers_id": answers.id}
    inserted = insert(SquarePost).values(values).on_conflict_do_nothing().returning(SquarePost)
    said = (await session.scalars(inserted)).one_or_none()
    if said is None:
        return (await session.scalars(select(SquarePost).where(SquarePost.key == key))).one()
    if said.topic_id:
        await session.execute(update(SquarePost).where(SquarePost.id == said.topic_id).values(last_at=said.at))
    _tell(session, "post", said, member, f"post:{said.id}", said.at)
    return said


async def answer(
    session: AsyncSession, member: Member, words: str, topic_id: int, answered_id: int, *, key: str
) -> SquarePost:
    """Answer a post of a topic. Raises `NoSuchPost` and what `post` raises."""
    answered = await get(session, answered_id, locked=True)
    if answered.topic != topic_id:
        raise NoSuchPost
    return await post(session, member, words, key=key, answers=answered)


async def edit(session: AsyncSession, post_id: int, member: Member, words: str) -> SquarePost:
    """Change one's own post. Raises `NotYours`, `NoSuchPost` and what `post` raises."""
    found = await _own(session, post_id, member)
    words = _checked(member, words)
    if words != found.text:
        found.text, found.edited_at = words, await _clock(session)
        _tell(session, "edited", found, member, f"edited:{found.id}:{found.edited_at.timestamp()}", found.edited_at)
    return found


async def delete(session: AsyncSession, post_id: int, member: Member) -> SquarePost:
    """Delete one's own post: the text is gone, its place in the topic stays. Raises `NotYours`, `NoSuchPost`."""
    return await _remove(session, await _own(session, post_id, member), "author")


async def report(session: AsyncSession, post_id: int) -> SquarePost:
    """Ask the moderators to look at a post. Raises `NoSuchPost`."""
    found = await get(session, post_id, locked=True)
    found.reports += 1
    return found


async def reported(session: AsyncSession) -> Sequence[SquarePost]:
    """The posts that wait for a moderator's look, most reported first, with their members."""
    waiting = select(SquarePost).where(SquarePost.reports > 0, SquarePost.removed_at.is_(None))
    query = waiting.order_by(SquarePost.reports.desc(), SquarePost.id).options(joinedload(SquarePost.member))
    return (await session.scalars(query.limit(100))).all()


async def remove(session: AsyncSession, post_id: int, by: str) -> SquarePost:
    """Take a post away, as the moderator `by`. Raises `NoSuchPost`."""
    return await _remove(session, await get(session, post_id, locked=True), by)


async def leave(session: AsyncSession, member_id: int) -> None:
    """Take a member away with all that they posted: nobody has the name or the cookie any more."""
    await members.leave(session, member_id)
    theirs = select(SquarePost).where(SquarePost.member_id == member_id, SquarePost.removed_at.is_(None))
    found = theirs.order_by(SquarePost.id).options(joinedload(SquarePost.member)).with_for_update(of=SquarePost)
    for said in await session.scalars(found):
        await _remove(session, said, "author")


async def keep(session: AsyncSession, post_id: int) -> SquarePost:
    """Leave a reported post where it is. Raises `NoSuchPost`."""
    found = await get(session, post_id, locked=True)
    found.reports = 0
    return found


async def get(session: AsyncSession, post_id: int, *, locked: bool = False) -> SquarePost:
    """A post with its member. Raises `NoSuchPost`."""
    query = select(SquarePost).where(SquarePost.id == post_id, SquarePost.removed_at.is_(None))
    query = query.options(joinedload(SquarePost.member))
    found = await session.scalar(query.with_for_update(of=SquarePost) if locked else query)
    if found is None:
        raise NoSuchPost
    return found


async def topics(session: AsyncSession, page: int = 1) -> tuple[Sequence[Topic], bool]:
    """One page of topics, the newest activity first, and whether there are more."""
    answer = aliased(SquarePost)
    replies = select(func.count()).where(answer.topic_id == SquarePost.id, answer.removed_at.is_(None))
    first = select(SquarePost, replies.scalar_subquery()).where(SquarePost.topic_id.is_(None))
    query = first.where(SquarePost.removed_at.is_(None))
    newest = query.order_by(SquarePost.last_at.desc(), SquarePost.id.desc()).options(joinedload(SquarePost.member))
    rows = (await session.execute(newest.offset((page - 1) * PAGE).limit(PAGE + 1))).all()
    return [Topic(*row) for row in rows[:PAGE]], len(rows) > PAGE


async def topic(session: AsyncSession, topic_id: int, page: int = 1) -> tuple[SquarePost, Sequence[SquarePost], bool]:
    """A topic's first post; one page of its posts, oldest first, removed ones included; and whether there are more.

    Raises `NoSuchPost`.
    """
    first = await session.get(SquarePost, topic_id, options=[joinedload(SquarePost.member)])
    if first is None or first.topic_id is not None:
        raise NoSuchPost
    answered = joinedload(SquarePost.answers).joinedload(SquarePost.member)
    query = _of(topic_id).order_by(SquarePost.id).options(joinedload(SquarePost.member), answered)
    rows = (await session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1))).all()
    return first, rows[:PAGE], len(rows) > PAGE


async def offer_to(session: AsyncSession, member: Member) -> SquarePost | None:
    """The newest post of ours that offers something to a member, and to nobody else."""
    answered = aliased(SquarePost)
    query = select(SquarePost).join(answered, SquarePost.answers_id == answered.id)
    to_them = query.where(
        answered.member_id == member.id, SquarePost.link.is_not(None), SquarePost.removed_at.is_(None)
    )
    return (await session.scalars(to_them.order_by(SquarePost.id.desc()).limit(1))).first()


async def newest(session: AsyncSession, topic_id: int, most: int) -> Sequence[SquarePost]:
    """The newest posts of a topic that are still there, oldest first."""
    query = _of(topic_id).where(SquarePost.removed_at.is_(None)).order_by(SquarePost.id.desc()).limit(most)
    return list(reversed((await session.scalars(query.options(joinedload(SquarePost.member)))).all()))


async def page_of(session: AsyncSession, found: SquarePost) -> int:
    """The page of its topic that a post is on, counted from 1."""
    before = _of(found.topic).where(SquarePost.id < found.id).subquery()
    return (await session.scalar(select(func.count()).select_from(before)) or 0) // PAGE + 1


async def changed_at(session: AsyncSession, topic_id: int) -> datetime | None:
    """When anything in a topic last changed: a post written, edited or removed."""
    latest = func.greatest(SquarePost.at, SquarePost.edited_at, SquarePost.removed_at)
    whole = (SquarePost.id == topic_id) | (SquarePost.topic_id == topic_id)
    changed: datetime | None = await session.scalar(select(func.max(latest)).where(whole))
    return changed


def _of(topic_id: int) -> Select[SquarePost]:
    return select(SquarePost).where((SquarePost.id == topic_id) | (SquarePost.topic_id == topic_id))


def _checked(member: Member, words: str) -> str:
    if member.silenced_at is not None:
        raise Silenced
    said: str = clean(words).replace("\r\n", "\n").strip()
    if not said:
        raise NothingWritten
    if len(said) > LONGEST_POST:
        raise PostTooLong
    return said


async def _own(session: AsyncSession, post_id: int, member: Member) -> SquarePost:
    found = await get(session, post_id, locked=True)
    if found.member_id != member.id:
        raise NotYours
    return found


async def _remove(session: AsyncSession, found: SquarePost, by: str) -> SquarePost:
    found.text, found.link, found.reports = "", None, 0
    found.removed_at, found.removed_by = await _clock(session), by
    _tell(session, "deleted", found, found.member, f"deleted:{found.id}", found.removed_at)
    return found


async def _clock(session: AsyncSession) -> datetime:
    clock: datetime = (await session.scalars(select(func.clock_timestamp()))).one()
    return clock


def _tell(session: AsyncSession, kind: str, about: SquarePost, member: Member, external_id: str, at: datetime) -> None:
    """Write down what the bot is to hear, in the transaction that does it: neither is ever there without the other."""
    payload = {
        "kind": kind,
        "id": str(about.id),
        "topic": str(about.topic),
        "answers": str(about.answers_id) if about.answers_id else None,
        "member": {"id": str(member.id), "name": member.name, "is_bot": member.is_bot},
        "text": about.text,
        "at": at.isoformat(),
    }
    session.add(Update(channel=CHANNEL, external_id=external_id, payload=payload))
    database.changed(session, 0)
