"""Bring a database to the newest version of the schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

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
