"""Who has read a thread is asked for the lists of all agents at once."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_bookmarks_thread_id"), "bookmarks", ["thread_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_bookmarks_thread_id"), table_name="bookmarks")
