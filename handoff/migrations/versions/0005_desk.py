"""The desk: snoozing, tags, priorities, unread, search, drafts, saved replies, presence."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


SEARCHED = {
    ("messages", "said"): "(text)::text",
    ("customers", "named"): "(((COALESCE(name, ''::character varying))::text || ' '::text)"
    " || (COALESCE(handle, ''::character varying))::text)",
    ("cases", "about"): "(summary)::text",
}
"""Which column holds the words of which text."""

MARKS = "-_./:@&=+#<>~%?"

WAITING_SINCE = """
    UPDATE cases SET waiting_since = CASE WHEN replied.seq IS NULL THEN own.opened_at ELSE (
        SELECT min(written_at) FROM messages
        WHERE thread_id = own.thread_id AND kind = 'chat' AND by = 'customer' AND seq > replied.seq) END
    FROM cases AS own LEFT JOIN LATERAL (
        SELECT max(seq) AS seq FROM messages
        WHERE thread_id = own.thread_id AND kind = 'chat' AND by = 'agent' AND written_at > own.opened_at
    ) AS replied ON true
    WHERE own.id = cases.id AND cases.closed_at IS NULL
"""


def upgrade() -> None:
    _listing()
    _writing()


def _listing() -> None:
    """What the list is sorted by and found by, and how far each agent has read."""
    moment = sa.DateTime(timezone=True)
    waiting_now = sa.text("clock_timestamp()")
    op.add_column("cases", sa.Column("waiting_since", moment, server_default=waiting_now, nullable=True))
    op.add_column("cases", sa.Column("priority", sa.String(), server_default="normal", nullable=False))
    op.add_column("cases", sa.Column("snoozed_until", moment, nullable=True))
    op.add_column("cases", sa.Column("tags", sa.ARRAY(sa.String()), server_default="{}", nullable=False))
    op.execute(WAITING_SINCE)
    op.create_check_constraint(op.f("ck_cases_priority"), "cases", "priority IN ('low', 'normal', 'high', 'urgent')")
    op.create_index("ix_cases_closed_at", "cases", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.create_index("ix_cases_tags", "cases", ["tags"], postgresql_using="gin")
    for (table, column), source in SEARCHED.items():
        parted = f"translate({source}, '{MARKS}'::text, '{' ' * len(MARKS)}'::text)"
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} tsvector"
            f" GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, {parted})) STORED"
        )
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using="gin")
    op.create_table(
        "bookmarks",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_bookmarks_agent_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_bookmarks_thread_id")),
        sa.PrimaryKeyConstraint("agent_id", "thread_id", name=op.f("pk_bookmarks")),
    )


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
    op.drop_table("bookmarks")
    for table, column in SEARCHED:
        op.drop_column(table, column)
    for column in ("waiting_since", "priority", "snoozed_until", "tags"):
        op.drop_column("cases", column)
    op.drop_index("ix_cases_closed_at", table_name="cases")
    op.drop_table("notices")
    op.drop_table("mentions")
    op.drop_table("saved_replies")
    op.drop_table("drafts")
