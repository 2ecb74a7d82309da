"""Who works here: roles, second factors, passkeys, and what each person did."""

import sqlalchemy as sa
from alembic import op

from handoff.base import Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLES = "role IN ('agent', 'lead', 'admin', 'analyst')"
FINAL = "RAISE EXCEPTION 'a deed is never changed or deleted';"


def _at(name: str, nullable: bool = False) -> sa.Column:
    written = {} if nullable else {"server_default": sa.text("clock_timestamp()")}
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, **written)


def upgrade() -> None:
    for table in ("agents", "invitations"):
        op.add_column(table, sa.Column("role", sa.String(), server_default="agent", nullable=False))
        op.execute(f"UPDATE {table} SET role = 'admin' WHERE is_admin")
        op.drop_column(table, "is_admin")
        op.create_check_constraint(op.f(f"ck_{table}_role"), table, ROLES)
    op.add_column("agents", _at("away_at", nullable=True))
    op.add_column("agents", sa.Column("single_keys", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("sign_ins", sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.create_unique_constraint(op.f("uq_sign_ins_id"), "sign_ins", ["id"])
    op.add_column("sign_ins", sa.Column("address", Words(), nullable=True))
    op.create_table(
        "authenticators",
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", Words(), nullable=False),
        _at("made_at"),
        _at("proven_at", nullable=True),
        sa.Column("used_step", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_authenticators_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_authenticators")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", Words(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        _at("made_at"),
        _at("used_at", nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_recovery_codes_agent_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_agent_id"), "recovery_codes", ["agent_id"])
    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("credential_id", Words(), nullable=False),
        sa.Column("public_key", Words(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        _at("made_at"),
        _at("used_at", nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_passkeys_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_agent_id"), "passkeys", ["agent_id"])
    op.create_table(
        "challenges",
        sa.Column("challenge_hash", Words(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_challenges_agent_id")),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_challenges")),
    )
    op.create_table(
        "deeds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _at("at"),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("what", Words(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("about", Words(), nullable=True),
        sa.Column("address", Words(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_deeds_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index("ix_deeds_agent_id", "deeds", ["agent_id", "id"])
    op.create_index("ix_deeds_thread_id", "deeds", ["thread_id", "id"])
    op.execute(f"CREATE FUNCTION deeds_are_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {FINAL} END $$")
    before = "BEFORE UPDATE OR DELETE OR TRUNCATE ON deeds"
    op.execute(f"CREATE TRIGGER deeds_are_final {before} FOR EACH STATEMENT EXECUTE FUNCTION deeds_are_final()")


def downgrade() -> None:
    for table in ("deeds", "challenges", "passkeys", "recovery_codes", "authenticators"):
        op.drop_table(table)
    op.execute("DROP FUNCTION deeds_are_final")
    op.drop_column("sign_ins", "address")
    op.drop_column("sign_ins", "id")
    op.drop_column("agents", "single_keys")
    op.drop_column("agents", "away_at")
    for table in ("agents", "invitations"):
        op.add_column(table, sa.Column("is_admin", sa.Boolean(), server_default="false", nullable=False))
        op.execute(f"UPDATE {table} SET is_admin = true WHERE role = 'admin'")
        op.drop_column(table, "role")
