"""Cards by their tokens."""

from typing import Any

from sqlalchemy import Connection, Row

from mela.simulators.gateway.entities import Fields
from mela.simulators.gateway.store import rows
from mela.simulators.gateway.tables import tokens


def keep(conn: Connection, row: Fields) -> None:
    """Remember a card by its token; the same card again gives a token of its own."""
    conn.execute(tokens.insert(), row)


def get(conn: Connection, token_id: str) -> Row[Any]:
    """A token by its name. Raises: NotFound."""
    return rows.one(conn, tokens, token_id)
