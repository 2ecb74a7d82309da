"""The square: a public forum of our own, as a platform would keep it. What the bot hears of it comes as updates."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from handoff.base import Base, identity, now


class Member(Base):
    """Somebody who posts on the square. The cookie proves who they are; we keep its hash."""

    __tablename__ = "square_members"

    id: Mapped[int] = identity()
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    is_bot: Mapped[bool] = mapped_column(server_default="false")
    joined_at: Mapped[datetime] = now()
    silenced_at: Mapped[datetime | None]


class SquarePost(Base):
    """A post on the square: the first of a topic, or a reply in one. `key` lets the bot's offer be said only once."""

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
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    reports: Mapped[int] = mapped_column(server_default="0")
    key: Mapped[str | None] = mapped_column(unique=True)
    link: Mapped[str | None]
    label: Mapped[str | None]

    member: Mapped[Member] = relationship(lazy="raise")
