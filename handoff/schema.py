"""Bring a database to the newest version of the schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from handoff.database import with_driver


def alembic_config(url: str) -> Config:
    """Alembic's settings for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = with_driver(url)
    return config


def migrate(url: str) -> None:
    """Run the migrations that the database has not seen. Raises `sqlalchemy.exc.OperationalError` if it is away."""
    command.upgrade(alembic_config(url), "head")


def is_current(url: str) -> bool:
    """Whether every migration was run. Raises `sqlalchemy.exc.OperationalError` if the database is away."""
    engine = create_engine(with_driver(url))
    try:
        with engine.connect() as connection:
            ran = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    return set(ran) == set(ScriptDirectory.from_config(alembic_config(url)).get_heads())
