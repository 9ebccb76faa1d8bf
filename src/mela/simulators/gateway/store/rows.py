"""A row by its name."""

from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, bindparam, select

from mela.kernel.errors import Conflict, NotFound
from mela.simulators.gateway.entities import Fields, fields


class ReferenceReused(Conflict):
    """This reference came before with another amount. Params: reference."""

    code = "gateway.reference_reused"


@cache
def _by(column: Column[Any]) -> Select[Any]:
    """The rows whose `column` is `wanted`; built once for each column."""
    return select(column.table).where(column == bindparam("wanted"))


def one(conn: Connection, table: Table, row_id: str) -> Row[Any]:
    """The row with this id. Raises: NotFound."""
    row = conn.execute(_by(table.c.id), {"wanted": row_id}).one_or_none()
    if row is None:
        raise NotFound("kernel.not_found")
    return row


def by_reference(conn: Connection, table: Table, reference: str) -> Row[Any] | None:
    """The row that the merchant named so, if any."""
    return conn.execute(_by(table.c.reference), {"wanted": reference}).one_or_none()


def same(known: Row[Any], asked: Fields) -> Fields:
    """The row of this reference, provided that it is about the same. Raises: ReferenceReused."""
    kept = fields(known)
    if any(kept[name] != asked[name] for name in {"amount", "payment_id", "account", "ifsc"} & asked.keys()):
        raise ReferenceReused(reference=asked["reference"])
    return kept
