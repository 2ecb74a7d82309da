"""Attachments: files beside the messages that they belong to.

With the words of a message its files go too: whoever empties a message need not think of them.
"""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FILES_GO_WITH_WORDS = """
    CREATE FUNCTION files_go_with_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM attachments WHERE message_id = NEW.id;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", Words(), nullable=False),
        sa.Column("type", Words(), server_default="", nullable=False),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("source", Words(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", Words(), nullable=True),
        sa.Column("sent_as", Words(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("(message_id IS NULL) = (agent_id IS NOT NULL)", name=op.f("ck_attachments_said_or_begun")),
        sa.CheckConstraint("(content IS NULL) = (type = '')", name=op.f("ck_attachments_type_of_content")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_attachments_agent_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_attachments_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_thread_id"), "attachments", ["thread_id"], unique=False)
    op.create_index(op.f("ix_attachments_message_id"), "attachments", ["message_id"], unique=False)
    begun = {"postgresql_where": sa.text("message_id IS NULL")}
    op.create_index("ix_attachments_begun", "attachments", ["thread_id", "agent_id"], unique=False, **begun)
    due = {"postgresql_where": sa.text("due_at IS NOT NULL")}
    op.create_index("ix_attachments_due", "attachments", ["due_at"], unique=False, **due)
    op.execute("ALTER TABLE attachments ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(FILES_GO_WITH_WORDS)
    op.execute(
        "CREATE TRIGGER files_go_with_words AFTER UPDATE OF deleted_at ON messages FOR EACH ROW"
        " WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION files_go_with_words()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION files_go_with_words CASCADE")
    op.drop_table("attachments")
