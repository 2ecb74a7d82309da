"""The record's tables: built by the migrations, and just as the models say."""

import psycopg
from alembic import command
from sqlalchemy import create_engine, inspect

from handoff.database import with_driver
from handoff.schema import alembic_config, migrate


def test_models_and_migrations_agree(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    command.check(alembic_config(database_url))


def test_the_migrations_can_be_taken_back_and_run_again(empty_database_url: str) -> None:
    migrate(empty_database_url)
    command.downgrade(alembic_config(empty_database_url), "base")
    assert _tables(empty_database_url) == ["alembic_version"]
    migrate(empty_database_url)
    command.check(alembic_config(empty_database_url))


def test_who_opted_in_before_there_were_receipts_has_one(empty_database_url: str) -> None:
    config = alembic_config(empty_database_url)
    command.upgrade(config, "0002")
    _run(
        empty_database_url,
        "INSERT INTO promises (account) VALUES ('a')",
        "INSERT INTO customers (account, channel, language) VALUES ('a', 'square', 'en')",
        "INSERT INTO threads (customer_id, channel, brand, language, ended_at) "
        "SELECT id, 'square', 'Northwind', 'en', now() FROM customers",
        "INSERT INTO opt_ins (thread_id, wording, wording_version, proof) SELECT id, 'Yes', '1', 'cookie' FROM threads",
    )
    migrate(empty_database_url)
    assert _run(empty_database_url, "SELECT purpose, given, wording FROM receipts") == [("talk", True, "Yes")]


def _run(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements; what the last one gives."""
    with psycopg.connect(with_driver(url).set(drivername="postgresql").render_as_string(False)) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _tables(url: str) -> list[str]:
    engine = create_engine(with_driver(url))
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()
