"""Alembic scripts of accounts, oldest first."""
