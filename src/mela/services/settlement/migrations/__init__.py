"""Alembic scripts of settlement, oldest first."""
