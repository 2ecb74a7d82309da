"""Teams, skills and who gets the next case; who had which case; and alarms when nobody is here.

That somebody got a case, and that the webhooks are told of an alarm, is written by triggers: there is no way around them.
"""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("alarms", "switches", "claims", "skills", "team_cases", "team_members", "teams")

FUNCTIONS = {
    "write_down_claims": """
        INSERT INTO claims (case_id, agent_id) VALUES (NEW.id, NEW.claimed_by);
        RETURN NULL;
    """,
    "tellings_of_alarms": """
        PERFORM tell_webhooks('desk.empty', jsonb_build_object('waiting', NEW.waiting, 'url', NEW.link));
        RETURN NULL;
    """,
}

TRIGGERS = {
    "write_down_claims": "AFTER UPDATE OF claimed_by ON cases FOR EACH ROW "
    "WHEN (NEW.claimed_by IS NOT NULL AND NEW.claimed_by IS DISTINCT FROM OLD.claimed_by)",
    "tellings_of_alarms": "AFTER INSERT ON alarms FOR EACH ROW",
}


def key(*, table: str) -> tuple[sa.Column, sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def number(name: str, **how: bool) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), **{"nullable": False} | how)


def upgrade() -> None:
    time = {"server_default": sa.text("clock_timestamp()"), "nullable": False}
    op.create_table(
        "teams",
        *key(table="teams"),
        sa.Column("name", Words(), nullable=False),
        sa.Column("folded_name", Words(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), **time),
        sa.UniqueConstraint("folded_name", name=op.f("uq_teams_folded_name")),
    )
    op.create_table(
        "team_members",
        number("team_id"),
        number("agent_id"),
        to("team_members", "team_id", "teams", "CASCADE"),
        to("team_members", "agent_id", "agents"),
        sa.PrimaryKeyConstraint("team_id", "agent_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_agent_id"), "team_members", ["agent_id"], unique=False)
    op.create_table(
        "team_cases",
        number("case_id"),
        number("team_id"),
        to("team_cases", "case_id", "cases", "CASCADE"),
        to("team_cases", "team_id", "teams", "CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_team_cases")),
    )
    op.create_index(op.f("ix_team_cases_team_id"), "team_cases", ["team_id"], unique=False)
    op.create_table(
        "skills",
        number("agent_id"),
        sa.Column("languages", Json(), server_default="[]", nullable=False),
        sa.Column("intents", Json(), server_default="[]", nullable=False),
        sa.Column("capacity", sa.Integer(), server_default="5", nullable=False),
        to("skills", "agent_id", "agents"),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_skills")),
    )
    op.create_table(
        "claims",
        *key(table="claims"),
        number("case_id"),
        number("agent_id"),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        to("claims", "case_id", "cases", "CASCADE"),
        to("claims", "agent_id", "agents"),
    )
    op.create_index(op.f("ix_claims_case_id"), "claims", ["case_id"], unique=False)
    op.create_index("ix_claims_agent_id", "claims", ["agent_id", "at"], unique=False)
    op.create_table(
        "switches",
        sa.Column("name", Words(), nullable=False),
        number("by", nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        to("switches", "by", "agents"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "alarms",
        *key(table="alarms"),
        sa.Column("at", sa.DateTime(timezone=True), **time),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("link", Words(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", Words(), nullable=True),
    )
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")
    op.execute("""
        INSERT INTO claims (case_id, agent_id, at) SELECT id, claimed_by, claimed_at FROM cases WHERE claimed_by IS NOT NULL
    """)


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    for table in TABLES:
        op.drop_table(table)
