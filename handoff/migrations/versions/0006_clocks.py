"""Clocks: targets, business hours, what is due on a case, and when it was out of sight.

The first targets and hours are the tiers that help desks commonly give as an example in their handbooks (urgent: answered
in half an hour and closed in four; low: eight and forty-eight; Monday to Friday, nine to five): a place to begin, to be
changed at /admin/clocks. The zone is UTC until somebody says which.
"""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

REPLY = {"urgent": 30, "high": 60, "normal": 240, "low": 480}
CLOSE = {"urgent": 240, "high": 480, "normal": 1440, "low": 2880}
"""Minutes."""

FUNCTIONS = {
    "keep_snoozes": """
        UPDATE snoozes SET until = clock_timestamp() WHERE case_id = NEW.id AND until > clock_timestamp();
        IF NEW.snoozed_until > clock_timestamp() THEN
            INSERT INTO snoozes (case_id, began_at, until) VALUES (NEW.id, clock_timestamp(), NEW.snoozed_until);
        END IF;
        RETURN NULL;
    """,
    "tellings_of_clocks": """
        PERFORM tell_webhooks(
            CASE WHEN NEW.escalated_at IS DISTINCT FROM OLD.escalated_at THEN 'case.overdue' ELSE 'case.due_soon' END,
            jsonb_build_object('case_id', cases.id, 'thread_id', cases.thread_id, 'clock', NEW.what, 'due_at', NEW.due_at))
            FROM cases JOIN opt_ins USING (thread_id) WHERE cases.id = NEW.case_id;
        RETURN NULL;
    """,
}

TRIGGERS = {
    "keep_snoozes": "AFTER UPDATE OF snoozed_until ON cases FOR EACH ROW "
    "WHEN (NEW.snoozed_until IS DISTINCT FROM OLD.snoozed_until)",
    "tellings_of_clocks": "AFTER UPDATE OF warned_at, escalated_at ON clocks FOR EACH ROW "
    "WHEN (NEW.escalated_at IS DISTINCT FROM OLD.escalated_at OR NEW.warned_at IS DISTINCT FROM OLD.warned_at)",
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("cases", sa.Column("soon_at", moment, nullable=True))
    op.add_column("cases", sa.Column("due_at", moment, nullable=True))
    op.create_index("ix_cases_due_at", "cases", ["due_at"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "calendars",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zone", Words(), nullable=False),
        sa.Column("week", Json(), nullable=False),
        sa.Column("holidays", Json(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_calendars_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_table(
        "targets",
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_targets_priority")),
        sa.CheckConstraint("what IN ('first_reply', 'next_reply', 'close')", name=op.f("ck_targets_what")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_targets_minutes")),
        sa.PrimaryKeyConstraint("priority", "what", name=op.f("pk_targets")),
    )
    op.create_table(
        "snoozes",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_snoozes_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "began_at", name=op.f("pk_snoozes")),
    )
    _create_clocks()
    _begin()
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")


def _create_clocks() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "clocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=True),
        sa.Column("soon_at", moment, nullable=True),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("stopped_at", moment, nullable=True),
        sa.Column("late", sa.Integer(), nullable=True),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("warned_at", moment, nullable=True),
        sa.Column("escalated_at", moment, nullable=True),
        sa.CheckConstraint("what IN ('first_reply', 'next_reply', 'close')", name=op.f("ck_clocks_what")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clocks_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
        sa.UniqueConstraint("case_id", "what", "began_at", name=op.f("uq_clocks_case_id_what_began_at")),
    )
    runs = "stopped_at IS NULL"
    for name, column, where in (
        ("stale", "rules", runs),
        ("soon", "soon_at", f"{runs} AND warned_at IS NULL"),
        ("due", "due_at", f"{runs} AND escalated_at IS NULL"),
        ("stopped_at", "stopped_at", "late IS NOT NULL"),
    ):
        op.create_index(f"ix_clocks_{name}", "clocks", [column], postgresql_where=sa.text(where))


def _begin() -> None:
    """The first rules; and clocks for the cases that are open, to be reckoned by the bot."""
    week = "[[[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [], []]"
    op.execute(f"INSERT INTO calendars (id, zone, week, holidays) VALUES (1, 'UTC', '{week}', '[]')")
    for what, minutes in (("first_reply", REPLY), ("next_reply", REPLY), ("close", CLOSE)):
        for priority, number in minutes.items():
            op.execute(f"INSERT INTO targets VALUES ('{priority}', '{what}', {number}, true)")
    op.execute("""
        INSERT INTO snoozes (case_id, began_at, until)
            SELECT id, clock_timestamp(), snoozed_until FROM cases
            WHERE closed_at IS NULL AND snoozed_until > clock_timestamp()
    """)
    op.execute("""
        INSERT INTO clocks (case_id, what, began_at, rules)
            SELECT id, 'close', opened_at, 0 FROM cases WHERE closed_at IS NULL
    """)


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    for table in ("clocks", "snoozes", "targets", "calendars"):
        op.drop_table(table)
    op.drop_index("ix_cases_due_at", "cases")
    op.drop_column("cases", "due_at")
    op.drop_column("cases", "soon_at")
