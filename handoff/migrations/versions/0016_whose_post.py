"""Whose a post is, wherever it is attached, so that it can be found when its author wishes to be forgotten."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("account", Words(), nullable=True))
    known = {"postgresql_where": sa.text("account IS NOT NULL")}
    op.create_index("ix_messages_account", "messages", ["account"], unique=False, **known)
    op.execute("""
        UPDATE messages SET account = customers.account FROM threads JOIN customers ON customers.id = customer_id
            WHERE threads.id = thread_id AND kind = 'post' AND by = 'customer'
            AND (deleted_at IS NULL OR author_name IS NOT NULL)
    """)


def downgrade() -> None:
    op.drop_index("ix_messages_account", table_name="messages")
    op.drop_column("messages", "account")
