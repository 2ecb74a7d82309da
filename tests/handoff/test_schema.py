"""The record's tables: built by the migrations, and just as the models say."""

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


def _tables(url: str) -> list[str]:
    engine = create_engine(with_driver(url))
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()
