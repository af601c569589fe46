"""Alembic's entry: runs the pending versions in the one transaction that `migrate` opened."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="control",
)
context.run_migrations()
