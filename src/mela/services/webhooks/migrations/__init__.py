"""Alembic scripts of webhooks, oldest first."""
