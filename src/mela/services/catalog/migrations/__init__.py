"""Alembic scripts of the catalogue's database, oldest first."""
