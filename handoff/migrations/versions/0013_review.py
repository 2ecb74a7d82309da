"""What customers said, waiting for somebody to say what it is about.

Whoever takes a consent back, changes or deletes a line, or is forgotten, is out of the review, the examples and the test
set in the same transaction: triggers see to it, so that no step can forget to.
"""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CERTAINTY = "CASE WHEN wrong_at IS NOT NULL OR rephrased THEN 0 ELSE confidence END"

FUNCTIONS = {
    "withdraw_examples": """
        UPDATE reviews SET example_id = NULL, lost = true WHERE example_id = OLD.id;
        INSERT INTO withdrawals (example_id, digest) VALUES (OLD.id, OLD.digest);
        RETURN OLD;
    """,
    "utterances_follow_their_line": """
        DELETE FROM examples WHERE thread_id = NEW.thread_id AND message_id = NEW.id;
        DELETE FROM utterances WHERE message_id = NEW.id;
        RETURN NULL;
    """,
    "utterances_follow_the_consent": """
        IF NEW.given THEN
            UPDATE utterances SET consented = true, review_id = review_of(digest) WHERE thread_id = NEW.thread_id;
        ELSE
            DELETE FROM examples WHERE thread_id = NEW.thread_id;
            UPDATE utterances SET consented = false, review_id = NULL WHERE thread_id = NEW.thread_id;
        END IF;
        RETURN NULL;
    """,
    "utterances_follow_the_policy": """
        DELETE FROM examples WHERE thread_id = NEW.thread_id AND message_id = NEW.message_id;
        RETURN NULL;
    """,
}

TRIGGERS = {
    "withdraw_examples": "BEFORE DELETE ON examples FOR EACH ROW WHEN (OLD.thread_id IS NOT NULL)",
    "utterances_follow_their_line": "AFTER UPDATE OF text, deleted_at ON messages FOR EACH ROW "
    "WHEN (OLD.text IS DISTINCT FROM NEW.text OR (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL))",
    "utterances_follow_the_consent": "AFTER INSERT ON receipts FOR EACH ROW WHEN (NEW.purpose = 'training')",
    "utterances_follow_the_policy": "AFTER UPDATE OF may_train ON utterances FOR EACH ROW "
    "WHEN (OLD.may_train AND NOT NEW.may_train)",
}

REVIEW_OF = """
    CREATE FUNCTION review_of(wanted text) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT max(id) FROM reviews WHERE digest = wanted AND settled_at IS NOT NULL AND undone_at IS NULL
    $$
"""
"""The answer that counts for texts of a digest."""


def when(name: str, *, is_now: bool = False) -> sa.Column:
    default = sa.text("clock_timestamp()") if is_now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_now, server_default=default)


def to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default="false")


def upgrade() -> None:
    op.create_table(
        "review_rules",
        sa.Column("id", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("line", sa.Float(), nullable=False, server_default="0.6"),
        sa.Column("held_back", sa.Integer(), nullable=False, server_default="20"),
        sa.Column("daily", sa.Integer(), nullable=False, server_default="20"),
        flag("two_people"),
        sa.CheckConstraint("id = 1", name=op.f("ck_review_rules_one_row")),
        sa.CheckConstraint("line BETWEEN 0 AND 1", name=op.f("ck_review_rules_line")),
        sa.CheckConstraint("held_back BETWEEN 0 AND 100", name=op.f("ck_review_rules_held_back")),
        sa.CheckConstraint("daily BETWEEN 1 AND 1000", name=op.f("ck_review_rules_daily")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_rules")),
    )
    op.execute("INSERT INTO review_rules DEFAULT VALUES")
    op.create_table(
        "reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("intent", Words(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        when("at", is_now=True),
        when("settled_at"),
        when("undone_at"),
        sa.Column("confirms_id", sa.BigInteger(), nullable=True),
        sa.Column("together_id", sa.BigInteger(), nullable=True),
        sa.Column("example_id", sa.BigInteger(), nullable=True),
        flag("lost"),
        sa.CheckConstraint("answer IN ('intent', 'none', 'ignore')", name=op.f("ck_reviews_answer")),
        sa.CheckConstraint("(answer = 'intent') = (intent IS NOT NULL)", name=op.f("ck_reviews_intent_is_named")),
        to("reviews", "agent_id", "agents"),
        to("reviews", "confirms_id", "reviews", "SET NULL"),
        to("reviews", "example_id", "examples"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_digest", "reviews", ["digest"])
    op.create_index("ix_reviews_agent_id", "reviews", ["agent_id", "at"])
    taught = sa.text("example_id IS NOT NULL")
    op.create_index("ix_reviews_example_id", "reviews", ["example_id"], postgresql_where=taught)
    standing = sa.text("settled_at IS NULL AND undone_at IS NULL")
    op.create_index("uq_reviews_standing", "reviews", ["digest", "agent_id"], unique=True, postgresql_where=standing)
    op.create_table(
        "utterances",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("intent", Words(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("ranking", Json(), nullable=False, server_default="[]"),
        sa.Column("entities", Json(), nullable=False, server_default="{}"),
        sa.Column("model", Words(), nullable=True),
        when("at", is_now=True),
        when("understood_at"),
        flag("may_train"),
        flag("consented"),
        sa.Column("wrong_by", sa.BigInteger(), nullable=True),
        when("wrong_at"),
        flag("rephrased"),
        sa.Column("hint", Words(), nullable=True),
        sa.Column("review_id", sa.BigInteger(), nullable=True),
        sa.Column("certainty", sa.Float(), sa.Computed(CERTAINTY, persisted=True), nullable=True),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_utterances_confidence")),
        sa.CheckConstraint("(wrong_by IS NULL) = (wrong_at IS NULL)", name=op.f("ck_utterances_somebody_said_so")),
        to("utterances", "message_id", "messages", "CASCADE"),
        to("utterances", "thread_id", "threads"),
        to("utterances", "wrong_by", "agents"),
        to("utterances", "review_id", "reviews", "SET NULL"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_utterances")),
    )
    op.create_index("ix_utterances_thread_id", "utterances", ["thread_id"])
    op.create_index("ix_utterances_digest", "utterances", ["digest"])
    reviewed, unread = sa.text("review_id IS NOT NULL"), sa.text("understood_at IS NULL")
    op.create_index("ix_utterances_review_id", "utterances", ["review_id"], postgresql_where=reviewed)
    op.create_index("ix_utterances_unread", "utterances", ["message_id"], postgresql_where=unread)
    waits = sa.text("may_train AND consented AND review_id IS NULL")
    op.create_index(
        "ix_utterances_open", "utterances", ["certainty", "digest", "message_id"], postgresql_where=waits
    )
    op.create_table(
        "withdrawals",
        sa.Column("example_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", Words(), nullable=False),
        when("at", is_now=True),
        sa.PrimaryKeyConstraint("example_id", name=op.f("pk_withdrawals")),
    )
    op.execute(REVIEW_OF)
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    for name, event in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.execute("DROP FUNCTION review_of")
    for table in ("withdrawals", "utterances", "reviews", "review_rules"):
        op.drop_table(table)
