"""What a person has to look at, and which callbacks have been here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select

from mela.kernel import ids
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import NotFound
from mela.services.payments.tables import callbacks, cases, closings

ALL = select(
    cases, closings.c.resolution, closings.c.note, closings.c.actor, closings.c.refund_id, closings.c.at.label("closed")
).join_from(cases, closings, cases.c.id == closings.c.case_id, isouter=True)
_OPEN = and_(cases.c.open, closings.c.case_id.is_(None))
"""The second for what was closed by a process of before `open` was there."""
_BY_ID = ALL.where(cases.c.id == bindparam("of"))


class UnknownCase(NotFound):
    """No case has this id. Params: case_id."""

    code = "payments.unknown_case"


def first_time(conn: Connection, event_id: str, name: str, now: datetime, *, about: str) -> bool:
    """Note a callback in the unit that has its effect; False when it has been here."""
    row = {"event_id": event_id, "name": name, "about": about[:40], "received": now}
    return insert_new(conn, callbacks, row)


def park(conn: Connection, kind: str, about: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Open a case, once for each kind and subject."""
    row = {"id": ids.new_id("case"), "kind": kind, "about": about[:60], "detail": dict(detail), "opened": now}
    insert_new(conn, cases, row)


def known(conn: Connection, kind: str, about: str) -> bool:
    """Whether there was ever a case of this kind and subject."""
    return conn.execute(select(cases.c.id).where(cases.c.kind == kind, cases.c.about == about)).first() is not None


def get(conn: Connection, case_id: str) -> Row[Any]:
    """A case; `closed`, `resolution` and so on are null while it is open. Raises: UnknownCase."""
    row = conn.execute(_BY_ID, {"of": case_id}).one_or_none()
    if row is None:
        raise UnknownCase(case_id=case_id)
    return row


def page(conn: Connection, *, is_open: bool, before: str | None, limit: int) -> list[Row[Any]]:
    """Open or closed cases, the newest first, those opened before the case `before`."""
    wanted = _OPEN if is_open else closings.c.case_id.is_not(None)
    older = wanted if before is None else and_(wanted, cases.c.id < before)
    return list(conn.execute(ALL.where(older).order_by(cases.c.id.desc()).limit(limit)))
