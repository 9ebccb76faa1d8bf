"""A shelf of counted things, and units that a service might have."""

import threading
import time

import sqlalchemy as sa
from sqlalchemy import Connection

metadata = sa.MetaData()
things = sa.Table(
    "things",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("left", sa.Integer, nullable=False),
)


def put(conn: Connection, name: str, left: int = 1) -> str:
    conn.execute(things.insert(), {"name": name, "left": left})
    return name


def put_two_then(conn: Connection, error: BaseException) -> None:
    put(conn, "half")
    put(conn, "other half")
    raise error


def left(conn: Connection, name: str) -> int | None:
    return conn.execute(sa.select(things.c.left).where(things.c.name == name)).scalar()


def names(conn: Connection) -> list[str]:
    return sorted(conn.execute(sa.select(things.c.name)).scalars())


def take_one(conn: Connection, name: str) -> int:
    """Read, decide in Python, write: loses updates wherever two of them may interleave."""
    before = left(conn, name)
    assert before is not None
    conn.execute(things.update().where(things.c.name == name).values(left=before - 1))
    return before - 1


def leave_duty(conn: Connection, name: str) -> bool:
    """Two on duty, one may go: the textbook's write skew."""
    on_duty = conn.execute(sa.select(sa.func.sum(things.c.left))).scalar_one()
    if on_duty < 2:
        return False
    conn.execute(things.update().where(things.c.name == name).values(left=0))
    return True


def hold(conn: Connection, started: threading.Event, release: threading.Event) -> None:
    """Occupy the place where units run until told to go."""
    started.set()
    assert release.wait(20)


def dawdle(conn: Connection, seconds: float) -> None:
    time.sleep(seconds)


def count_for_ever(conn: Connection) -> int:
    """A statement without end."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    found: int = conn.execute(sa.text(endless)).scalar_one()
    return found


def fill_for_ever(conn: Connection) -> None:
    """A writing statement without end."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select 'x' || i, i from n"
    conn.execute(sa.text(f"insert into things {endless}"))
