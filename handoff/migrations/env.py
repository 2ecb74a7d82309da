"""How Alembic reaches the database: the address comes from the caller, the tables from the models."""

from alembic import context
from sqlalchemy import create_engine

from handoff.tables import METADATA

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
