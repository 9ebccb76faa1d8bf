"""Migrations of streaming's database, run by Alembic."""
