"""Alembic scripts of orders, oldest first."""
