"""Alembic's environment for every service: runs on the connection that `migrate` holds under its lock."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
