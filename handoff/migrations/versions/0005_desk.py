"""The desk: snoozing, tags, priorities, unread, search, drafts, saved replies, presence."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _writing()


def _writing() -> None:
    """Drafts, saved replies, colleagues who are named, and who wants to be told of what."""
    written_now = sa.text("clock_timestamp()")
    op.create_table(
        "drafts",
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=written_now, nullable=False),
        sa.CheckConstraint("mode IN ('reply', 'note')", name=op.f("ck_drafts_mode")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_drafts_agent_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_drafts_thread_id")),
        sa.PrimaryKeyConstraint("thread_id", "agent_id", "mode", name=op.f("pk_drafts")),
    )
    op.create_table(
        "saved_replies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("key", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("body", Words(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=written_now, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_saved_replies_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_replies")),
    )
    op.create_index(
        "uq_saved_replies_team", "saved_replies", ["key"], unique=True, postgresql_where=sa.text("agent_id IS NULL")
    )
    op.create_index(
        "uq_saved_replies_own",
        "saved_replies",
        ["agent_id", "key"],
        unique=True,
        postgresql_where=sa.text("agent_id IS NOT NULL"),
    )
    op.create_table(
        "mentions",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=written_now, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_mentions_agent_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_mentions_message_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_mentions_thread_id")),
        sa.PrimaryKeyConstraint("message_id", "agent_id", name=op.f("pk_mentions")),
    )
    op.create_index(op.f("ix_mentions_agent_id"), "mentions", ["agent_id"], unique=False)
    op.create_index(op.f("ix_mentions_thread_id"), "mentions", ["thread_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("about", Words(), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.CheckConstraint("about IN ('all', 'mine', 'none')", name=op.f("ck_notices_about")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_notices_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_notices")),
    )


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_table("mentions")
    op.drop_table("saved_replies")
    op.drop_table("drafts")
