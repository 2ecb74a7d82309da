"""The history of the schema; `knock migrate` brings a database to its newest version."""
