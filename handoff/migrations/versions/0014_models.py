"""Trainings, models and their scores."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Json, Words

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATES = "'waiting', 'running', 'done', 'failed', 'cancelled'"
ORIGINS = "'git', 'held back'"


def when(name: str = "at") -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp())


def moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True))


def by(name: str = "agent_id") -> sa.Column:
    return sa.Column(name, sa.BigInteger, sa.ForeignKey("agents.id"))


def identity() -> sa.Column:
    return sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "trainings",
        identity(),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        by("asked_by"),
        when("asked_at"),
        moment("began_at"),
        moment("ended_at"),
        moment("lease_until"),
        sa.Column("lease", Words()),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        moment("cancel_at"),
        by("cancelled_by"),
        sa.Column("step", Words(), nullable=False, server_default=""),
        sa.Column("part", sa.Float, nullable=False, server_default="0"),
        sa.Column("left", sa.Float),
        sa.Column("took", Json(), nullable=False, server_default="{}"),
        sa.Column("lines", Json(), nullable=False, server_default="[]"),
        sa.Column("trouble", Words()),
        sa.Column("corpus", Words()),
        sa.Column("config", Words()),
        sa.Column("counts", Json(), nullable=False, server_default="{}"),
        sa.Column("version", sa.Integer),
        sa.Column("then_promote", sa.Boolean, nullable=False, server_default="false"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
        sa.CheckConstraint("(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="ended"),
        sa.CheckConstraint("state <> 'done' OR version IS NOT NULL", name="done_has_version"),
    )
    open_ones = sa.text("state IN ('waiting', 'running')")
    op.create_index("uq_trainings_open", "trainings", [sa.text("(1)")], unique=True, postgresql_where=open_ones)
    op.create_table(
        "models",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("training_id", sa.BigInteger, sa.ForeignKey("trainings.id"), nullable=False, unique=True),
        sa.Column("file", Words(), nullable=False, unique=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        when("made_at"),
        sa.Column("corpus", Words(), nullable=False),
        sa.Column("config", Words(), nullable=False),
        sa.Column("counts", Json(), nullable=False),
        sa.Column("example_ids", Json(), nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("recent", Json(), nullable=False, server_default="[]"),
        moment("gone_at"),
        sa.Column("gone_why", Words()),
        moment("beside_since"),
        sa.Column("beside_agreed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("beside_seen", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_index("uq_models_beside", "models", [sa.text("(1)")], unique=True, postgresql_where=sa.text("beside_since IS NOT NULL"))
    op.create_table(
        "promotions",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, sa.ForeignKey("models.version"), nullable=False),
        sa.Column("before", sa.Integer, sa.ForeignKey("models.version")),
        when(),
        by(),
        sa.Column("reason", Words(), nullable=False, server_default=""),
        moment("at_work_at"),
        sa.Column("trouble", Words()),
    )
    op.create_table(
        "test_sets",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        when("made_at"),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("refused", Json(), nullable=False, server_default="[]"),
    )
    op.create_table(
        "test_utterances",
        identity(),
        sa.Column("text", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("intent", Words(), nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("example_id", sa.BigInteger, sa.ForeignKey("examples.id", ondelete="CASCADE")),
        sa.Column("since", sa.Integer, sa.ForeignKey("test_sets.version"), nullable=False),
        sa.Column("until", sa.Integer, sa.ForeignKey("test_sets.version")),
        sa.CheckConstraint(f"origin IN ({ORIGINS})", name="origin"),
    )
    op.create_index("uq_test_utterances_now", "test_utterances", ["language", "digest"], unique=True,
        postgresql_where=sa.text("until IS NULL"))
    op.create_index("ix_test_utterances_example_id", "test_utterances", ["example_id"])
    op.create_table(
        "test_answers",
        sa.Column("version", sa.Integer, sa.ForeignKey("models.version"), primary_key=True),
        sa.Column("utterance_id", sa.BigInteger, sa.ForeignKey("test_utterances.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("said", Words(), nullable=False),
        sa.Column("best", Words(), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
    )
    op.create_index("ix_test_answers_utterance_id", "test_answers", ["utterance_id"])
    op.create_table(
        "disagreements",
        identity(),
        when(),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer, sa.ForeignKey("models.version"), nullable=False),
        sa.Column("live_version", sa.Integer, sa.ForeignKey("models.version"), nullable=False),
        sa.Column("said", Words(), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("live_said", Words(), nullable=False),
        sa.Column("live_confidence", sa.Float, nullable=False),
        sa.UniqueConstraint("message_id", "version"),
    )
    op.create_index("ix_disagreements_version", "disagreements", ["version", "id"])


def downgrade() -> None:
    for table in ("disagreements", "test_answers", "test_utterances", "test_sets", "promotions", "models", "trainings"):
        op.drop_table(table)
