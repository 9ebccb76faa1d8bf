"""Every query of streaming. Its public functions are the units of work, each in one of the databases."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Integer, Text, and_, bindparam, case, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql

from mela.kernel import idempotency
from mela.kernel.db import Instant, row_guarded
from mela.kernel.db.statements import insert_new, upsert
from mela.services.streaming.model import Counted, Session
from mela.services.streaming.tables import counts, sessions

_COUNT = select(func.count(), func.coalesce(func.sum(sessions.c.kbps), 0)).where(
    and_(sessions.c.match_id == bindparam("match_id"), sessions.c.silent > bindparam("now"))
)
_COUNTED = select(counts).where(counts.c.match_id == bindparam("of_match"))
_CLAIM = (
    update(counts)
    .where(and_(counts.c.match_id == bindparam("of_match"), counts.c.claimed == bindparam("known")))
    .values(claimed=bindparam("now"))
)
_END = delete(sessions).where(sessions.c.id.in_(bindparam("ids", expanding=True)))


@row_guarded
def start(conn: Connection, session: Session, key: str, request: object) -> str:
    """Keep a new session; the same key again gives the session of then. Raises: KeyReused."""
    found = idempotency.claim(
        conn, owner=session.match_id, key=key, request=request, result=session.id, now=session.started
    )
    if found == session.id:
        insert_new(conn, sessions, asdict(session))
    return found


@row_guarded
def go_on(
    conn: Connection, signs: Mapping[str, int], ended: Sequence[str], at: datetime, silent: datetime
) -> frozenset[str]:
    """Signs of life (kbit/s by session) and ends that came together; the sessions among `signs` that are over.

    From `at` on those that are not over last until `silent`; one that is over stays over. One statement for all of them.
    """
    if ended:
        conn.execute(_END, {"ids": ended})
    if not signs:
        return frozenset()
    prolong, alive = _signs(conn.dialect.name)
    given = {"signs": orjson.dumps(signs).decode(), "at": at}
    if conn.execute(prolong, given | {"until": silent}).rowcount == len(signs):
        return frozenset()
    return frozenset(signs) - set(conn.scalars(alive, given))


def count(conn: Connection, match_id: str, now: datetime) -> Counted:
    """Who watches at `now`: sessions begun and not over. Exact, for all pods together. Reads the whole table."""
    viewers, kbps = conn.execute(_COUNT, {"match_id": match_id, "now": now}).one()
    return Counted(viewers, int(kbps), now)


@row_guarded
def look(conn: Connection, match_id: str, now: datetime, before: datetime) -> tuple[Counted | None, bool]:
    """What somebody counted last, and whether it is the caller's turn to count: once for all pods, if that was before `before`."""
    known = conn.execute(_COUNTED, {"of_match": match_id}).one_or_none()
    if known is None:
        return None, True
    mine = known.claimed <= before and (
        conn.execute(_CLAIM, {"of_match": match_id, "known": known.claimed, "now": now}).rowcount == 1
    )
    return Counted(known.viewers, known.kbps, known.at), mine


@row_guarded
def keep(conn: Connection, match_id: str, found: Counted) -> None:
    """Tell all pods what was counted."""
    row = {"match_id": match_id, **asdict(found), "claimed": found.at}
    upsert(conn, counts, row, key=[counts.c.match_id])


@row_guarded
def forget(conn: Connection, before: datetime) -> None:
    """Drop sessions that were over before that moment, and their keys."""
    conn.execute(delete(sessions).where(sessions.c.silent < before))
    idempotency.forget(conn, before)


@cache
def _signs(dialect: str) -> tuple[Any, Any]:
    """The statement that prolongs, and that which finds who lives, for many signs in one parameter, as JSON."""
    text = bindparam("signs", type_=Text)
    pairs = func.json_each_text(cast(text, postgresql.JSON)) if dialect == "postgresql" else func.json_each(text)
    sign = pairs.table_valued("key", "value", name="sign")
    lives = and_(sessions.c.id == sign.c.key, sessions.c.silent > bindparam("at", type_=Instant))
    until = bindparam("until", type_=Instant)
    prolong = update(sessions).where(lives).values(
        silent=case((sessions.c.silent < until, until), else_=sessions.c.silent), kbps=cast(sign.c.value, Integer)
    )  # fmt: skip
    return prolong, select(sessions.c.id).where(lives)
