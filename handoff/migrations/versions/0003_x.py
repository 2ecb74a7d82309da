"""X, and proof that the author is the author: visits, receipts, credentials, cursors, spendings, halts."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FINAL = "RAISE EXCEPTION 'a receipt is never changed or deleted';"
FIRST_RECEIPTS = """
    INSERT INTO receipts (thread_id, purpose, given, at, wording, wording_version)
    SELECT thread_id, 'talk', true, at, wording, wording_version FROM opt_ins ORDER BY at
"""
"""Who opted in before there were receipts gave their yes to talking, in those words and at that time."""

BEFORE = "BEFORE UPDATE OR DELETE ON receipts"


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("channel", Words(), nullable=False),
        sa.Column("access_token", Words(), nullable=False),
        sa.Column("refresh_token", Words(), nullable=True),
        sa.Column("seed", Words(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_credentials")),
    )
    op.create_table(
        "seals",
        sa.Column("digest", Words(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_seals")),
    )
    op.create_table(
        "cursors",
        sa.Column("channel", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_cursors")),
    )
    op.create_table(
        "halts",
        sa.Column("channel", Words(), nullable=False),
        sa.Column("why", Words(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_halts")),
    )
    op.create_table(
        "spendings",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("item", Words(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", "item", name=op.f("pk_spendings")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("wording", Words(), nullable=False),
        sa.Column("wording_version", Words(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('talk', 'link', 'keep', 'articles', 'training')", name=op.f("ck_receipts_purpose")
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_receipts_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.execute(FIRST_RECEIPTS)
    op.create_index("ix_receipts_thread_id", "receipts", ["thread_id", "purpose", "id"], unique=False)
    op.create_table(
        "visits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cookie_hash", Words(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("state_hash", Words(), nullable=True),
        sa.Column("verifier", Words(), nullable=True),
        sa.Column("code", Words(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", Words(), nullable=True),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_visits_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("code", name=op.f("uq_visits_code")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_visits_cookie_hash")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_visits_state_hash")),
    )
    op.create_index(op.f("ix_visits_offer_id"), "visits", ["offer_id"], unique=False)
    op.create_index("ix_attempts_started_at", "attempts", ["started_at"], unique=False)
    op.execute(f"CREATE FUNCTION receipts_are_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {FINAL} END $$")
    op.execute(f"CREATE TRIGGER receipts_are_final {BEFORE} FOR EACH ROW EXECUTE FUNCTION receipts_are_final()")
    op.add_column("threads", sa.Column("solved", sa.Boolean(), nullable=True))
    op.add_column("threads", sa.Column("gathered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("threads", "gathered_at")
    op.drop_column("threads", "solved")
    op.drop_index("ix_attempts_started_at", table_name="attempts")
    op.drop_index(op.f("ix_visits_offer_id"), table_name="visits")
    op.drop_table("visits")
    op.drop_index("ix_receipts_thread_id", table_name="receipts")
    op.drop_table("receipts")
    op.execute("DROP FUNCTION receipts_are_final")
    op.drop_table("spendings")
    op.drop_table("halts")
    op.drop_table("cursors")
    op.drop_table("seals")
    op.drop_table("credentials")
