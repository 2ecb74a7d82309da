"""Intents and examples that admins keep."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SOURCES = "'seed', 'admin', 'review', 'import', 'agent'"
KINDS = "'synonym', 'regex', 'lookup'"


def when(name: str = "at") -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp())


def by(name: str = "agent_id") -> sa.Column:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey("agents.id"))


def upgrade() -> None:
    op.create_table(
        "intents",
        sa.Column("name", Words(), primary_key=True),
        sa.Column("description", Words(), nullable=False, server_default=""),
        sa.Column("wordings", Json(), nullable=False, server_default="{}"),
        when("made_at"),
        by("made_by"),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.Column("became", Words()),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.CheckConstraint("became IS NULL OR retired_at IS NOT NULL", name="became_when_retired"),
    )
    op.create_table(
        "examples",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("intent", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("entities", Json(), nullable=False, server_default="[]"),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id")),
        sa.Column("thread_id", sa.BigInteger, sa.ForeignKey("threads.id")),
        by(),
        when(),
        sa.Column("held_back", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.UniqueConstraint("language", "digest"),
        sa.CheckConstraint(f"source IN ({SOURCES})", name="source"),
        sa.CheckConstraint("message_id IS NULL OR thread_id IS NOT NULL", name="message_has_thread"),
    )
    op.create_index("ix_examples_intent", "examples", ["intent"])
    op.create_index(
        "ix_examples_thread_id", "examples", ["thread_id"], postgresql_where=sa.text("thread_id IS NOT NULL")
    )
    op.create_table(
        "patterns",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("entity", Words(), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False, server_default=""),
        by(),
        when(),
        sa.UniqueConstraint("entity", "kind", "text"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        sa.CheckConstraint("(kind = 'synonym') = (value <> '')", name="synonym_stands_for"),
    )


def downgrade() -> None:
    op.drop_table("patterns")
    op.drop_table("examples")
    op.drop_table("intents")
