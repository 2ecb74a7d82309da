"""Customers merged and whether they were helped."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FUNCTIONS = {
    "threads_keep_their_customer": """
        IF NEW.customer_id <> OLD.customer_id OR NEW.channel <> OLD.channel THEN
            RAISE EXCEPTION 'a thread keeps its customer and its channel';
        END IF;
        RETURN NEW;
    """,
    "customers_keep_their_account": """
        IF NEW.account <> OLD.account OR NEW.channel <> OLD.channel OR NEW.external_id <> OLD.external_id THEN
            RAISE EXCEPTION 'a customer keeps their account and their address';
        END IF;
        RETURN NEW;
    """,
}
"""A merge joins no addresses, not even by wrong code."""

TRIGGERS = {
    "threads_keep_their_customer": "BEFORE UPDATE OF customer_id, channel ON threads",
    "customers_keep_their_account": "BEFORE UPDATE OF account, channel, external_id ON customers",
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    time = {"server_default": sa.text("clock_timestamp()"), "nullable": False}
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("one_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, **time),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", moment, nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_merges_in_order")),
        sa.ForeignKeyConstraint(["one_id"], ["customers.id"], name=op.f("fk_merges_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["customers.id"], name=op.f("fk_merges_other_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_merges_agent_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["agents.id"], name=op.f("fk_merges_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    standing = sa.text("undone_at IS NULL")
    op.create_index("uq_merges_standing", "merges", ["one_id", "other_id"], unique=True, postgresql_where=standing)
    op.create_index("ix_merges_other_id", "merges", ["other_id"], postgresql_where=standing)
    op.create_table(
        "verdicts",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", moment, **time),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("said_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_verdicts_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_verdicts")),
    )
    op.create_index("ix_customers_handle", "customers", [sa.text("lower(handle)")])
    op.create_index("ix_cases_order_number", "cases", [sa.text("lower(found ->> 'order_number')")])
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        op.execute(f"CREATE TRIGGER {name} {TRIGGERS[name]} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.drop_index("ix_cases_order_number", table_name="cases")
    op.drop_index("ix_customers_handle", table_name="customers")
    op.drop_table("verdicts")
    op.drop_table("merges")
