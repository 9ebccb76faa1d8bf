"""Rows that somebody has to look at when their time has come: whether there are any, and who takes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, and_, bindparam, select, update


class Due:
    """The rows of a table by the moment in one of its columns; `key` is the table's primary key."""

    def __init__(self, moment: Column[Any], key: Column[Any]) -> None:
        come = moment <= bindparam("now")
        due = select(key).where(come)
        first = due.order_by(moment).limit(bindparam("most", type_=Integer))
        taken = update(moment.table).where(and_(key.in_(first), come))
        self._any = due.limit(1)
        self._claim = taken.values({moment.name: bindparam("until")}).returning(moment.table)

    def any(self, conn: Connection, now: datetime) -> bool:
        """Whether a claim may find something: cheaper to ask than to claim in vain."""
        return conn.execute(self._any, {"now": now}).first() is not None

    def claim(self, conn: Connection, now: datetime, until: datetime, limit: int) -> list[Row[Any]]:
        """Those whose time has come, the oldest first; they come again at `until` unless somebody says otherwise."""
        return list(conn.execute(self._claim, {"now": now, "until": until, "most": limit}))
