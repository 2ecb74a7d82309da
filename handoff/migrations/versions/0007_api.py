"""The API: the programs that may use it, what they were answered, and the webhooks that are told what happened.

What webhooks are told is written down by triggers, in the transaction of the deed itself: there is no way around them.
"""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AGREED = "EXISTS (SELECT FROM opt_ins WHERE thread_id = %s)"
"""Before an opt-in nobody outside is told anything."""

FUNCTIONS = {
    "tellings_of_cases": f"""
        IF NOT {AGREED % "NEW.thread_id"} THEN RETURN NULL; END IF;
        IF TG_OP = 'INSERT' THEN
            PERFORM tell_webhooks('case.opened', jsonb_build_object('case_id', NEW.id, 'thread_id', NEW.thread_id));
            RETURN NULL;
        END IF;
        IF NEW.claimed_by IS NOT NULL AND NEW.claimed_by IS DISTINCT FROM OLD.claimed_by THEN
            PERFORM tell_webhooks('case.claimed', jsonb_build_object('case_id', NEW.id, 'thread_id', NEW.thread_id,
                'agent', (SELECT email FROM agents WHERE id = NEW.claimed_by)));
        END IF;
        IF NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL THEN
            PERFORM tell_webhooks('case.closed', jsonb_build_object('case_id', NEW.id, 'thread_id', NEW.thread_id,
                'agent', (SELECT email FROM agents WHERE id = NEW.closed_by)));
        END IF;
        RETURN NULL;
    """,
    "tellings_of_messages": f"""
        IF {AGREED % "NEW.thread_id"} THEN
            PERFORM tell_webhooks('message.created', jsonb_build_object('message_id', NEW.id,
                'thread_id', NEW.thread_id, 'seq', NEW.seq, 'kind', NEW.kind, 'by', NEW."by"));
        END IF;
        RETURN NULL;
    """,
    "tellings_of_stops": f"""
        PERFORM tell_webhooks('customer.stopped', jsonb_build_object('customer_id', customers.id))
            FROM customers WHERE account = NEW.account AND EXISTS (
                SELECT FROM threads JOIN opt_ins ON opt_ins.thread_id = threads.id
                WHERE threads.customer_id = customers.id AND (OLD.stopped_at IS NULL OR opt_ins.at > OLD.stopped_at));
        RETURN NULL;
    """,
    "tellings_of_endings": f"""
        IF {AGREED % "NEW.id"} THEN
            PERFORM tell_webhooks('thread.ended', jsonb_build_object('thread_id', NEW.id, 'why', NEW.ended_why));
        END IF;
        RETURN NULL;
    """,
    "count_openings": """
        IF NOT EXISTS (SELECT FROM visits WHERE offer_id = NEW.offer_id AND id <> NEW.id) THEN
            INSERT INTO openings (day, channel, links)
                SELECT (NEW.began_at AT TIME ZONE 'UTC')::date, threads.channel, 1
                FROM offers JOIN threads ON threads.id = offers.thread_id WHERE offers.id = NEW.offer_id
                ON CONFLICT (day, channel) DO UPDATE SET links = openings.links + 1;
        END IF;
        RETURN NULL;
    """,
}

TRIGGERS = {
    "tellings_of_cases": "AFTER INSERT OR UPDATE OF claimed_by, closed_at ON cases FOR EACH ROW",
    "tellings_of_messages": "AFTER INSERT ON messages FOR EACH ROW",
    "tellings_of_stops": "AFTER UPDATE OF stopped_at ON promises FOR EACH ROW WHEN (NEW.stopped_at IS NOT NULL)",
    "tellings_of_endings": "AFTER UPDATE OF ended_at ON threads FOR EACH ROW "
    "WHEN (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL)",
    "count_openings": "AFTER INSERT ON visits FOR EACH ROW",
}


def upgrade() -> None:
    time = {"server_default": sa.text("clock_timestamp()"), "nullable": False}
    op.create_table(
        "integrations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("access", sa.String(), nullable=False),
        sa.Column("token_hash", Words(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), **time),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("access IN ('read', 'write')", name=op.f("ck_integrations_access")),
        sa.ForeignKeyConstraint(["made_by"], ["agents.id"], name=op.f("fk_integrations_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_integrations_token_hash")),
    )
    op.create_table(
        "answers",
        sa.Column("integration_id", sa.BigInteger(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("request_hash", Words(), nullable=False),
        sa.Column("body", Json(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"], name=op.f("fk_answers_integration_id")),
        sa.PrimaryKeyConstraint("integration_id", "key", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_at", "answers", ["at"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("sealed_secret", Words(), nullable=False),
        sa.Column("events", Json(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), **time),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_why", Words(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["agents.id"], name=op.f("fk_webhooks_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "tellings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("type", Words(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        sa.Column("state", sa.String(), server_default="pending", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), **time),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("state IN ('pending', 'sent', 'failed')", name=op.f("ck_tellings_state")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_tellings_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tellings")),
        sa.UniqueConstraint("uid", name=op.f("uq_tellings_uid")),
    )
    op.create_index("ix_tellings_webhook_id", "tellings", ["webhook_id", "id"], unique=False)
    pending = {"postgresql_where": sa.text("state = 'pending'")}
    op.create_index("ix_tellings_pending", "tellings", ["webhook_id", "due_at"], unique=False, **pending)
    op.create_table(
        "calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("telling_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("took", sa.Integer(), nullable=False),
        sa.Column("trouble", Words(), nullable=True),
        sa.ForeignKeyConstraint(["telling_id"], ["tellings.id"], name=op.f("fk_calls_telling_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_telling_id"), "calls", ["telling_id"], unique=False)
    op.create_table(
        "openings",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("links", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "channel", name=op.f("pk_openings")),
    )
    op.execute("""
        CREATE FUNCTION tell_webhooks(what text, about jsonb) RETURNS void LANGUAGE sql AS $$
            INSERT INTO tellings (webhook_id, type, data)
                SELECT id, what, about FROM webhooks WHERE off_at IS NULL AND removed_at IS NULL AND events ? what
        $$
    """)
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.execute("DROP FUNCTION tell_webhooks(text, jsonb)")
    for table in ("openings", "calls", "tellings", "webhooks", "answers", "integrations"):
        op.drop_table(table)
