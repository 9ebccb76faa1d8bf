"""Every query of the inbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select

from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Conflict
from mela.simulators.sms.tables import messages


class ReferenceReused(Conflict):
    """This reference came before with another phone or text. Params: reference."""

    code = "sms.reference_reused"


def receive(conn: Connection, message: Mapping[str, Any]) -> Row[Any]:
    """Keep a message; the same reference again gives the message of then. Raises: ReferenceReused."""
    insert_new(conn, messages, message)
    row = conn.execute(select(messages).where(messages.c.reference == message["reference"])).one()
    if (row.to, row.text) != (message["to"], message["text"]):
        raise ReferenceReused(reference=row.reference)
    return row


def newest(conn: Connection, phone: str, before: int | None, limit: int) -> list[Row[Any]]:
    """A phone's messages, newest first, those before the position `before`."""
    mine = select(messages).where(messages.c.to == phone)
    if before is not None:
        mine = mine.where(messages.c.position < before)
    return list(conn.execute(mine.order_by(messages.c.position.desc()).limit(limit)))


def forget(conn: Connection, before: datetime, keep: int) -> int:
    """Drop messages of before `before`, and all but the newest `keep`; how many went."""
    last = conn.execute(select(func.max(messages.c.position))).scalar() or 0
    too_many = messages.c.position <= last - keep
    return conn.execute(delete(messages).where(or_(messages.c.received < before, too_many))).rowcount
