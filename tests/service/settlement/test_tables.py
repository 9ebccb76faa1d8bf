"""The migration makes the tables that the store knows."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from mela.services.settlement import tables
from tests.service.settlement.world import World

OF_THE_KERNEL = {"alembic_version", "inbox", "outbox", "idempotency_keys", "data_keys", "sealing", "personal_reads"}


def differences(conn: Connection) -> list[Any]:
    """What Alembic would change to make the database as tables.py has it, the kernel's own tables apart."""
    ours = {"include_name": lambda name, kind, _parents: kind != "table" or name not in OF_THE_KERNEL}
    return list(compare_metadata(MigrationContext.configure(conn, opts=ours), tables.metadata))


async def test_migration_makes_what_tables_declare(market: World) -> None:
    assert await market.settlement.db.read(differences) == []
