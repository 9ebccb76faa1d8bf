"""What a person has to look at, and which callbacks have been here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from mela.kernel import ids
from mela.kernel.db.statements import insert_new
from mela.services.payments.tables import callbacks, cases


def first_time(conn: Connection, event_id: str, name: str, now: datetime) -> bool:
    """Note a callback in the unit that has its effect; False when it has been here."""
    return insert_new(conn, callbacks, {"event_id": event_id, "name": name, "received": now})


def park(conn: Connection, kind: str, about: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Open a case, once for each kind and subject."""
    row = {"id": ids.new_id("case"), "kind": kind, "about": about[:60], "detail": dict(detail), "opened": now}
    insert_new(conn, cases, row)


def known(conn: Connection, kind: str, about: str) -> bool:
    """Whether there was ever a case of this kind and subject."""
    return conn.execute(select(cases.c.id).where(cases.c.kind == kind, cases.c.about == about)).first() is not None


def newest(conn: Connection, limit: int) -> list[Row[Any]]:
    """The newest cases."""
    return list(conn.execute(select(cases).order_by(cases.c.opened.desc(), cases.c.id.desc()).limit(limit)))
