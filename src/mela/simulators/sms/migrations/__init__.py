"""Alembic scripts of the inbox, oldest first."""
