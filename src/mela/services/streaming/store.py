"""Every query of streaming. Its public functions are the units of work."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from mela.kernel import idempotency
from mela.kernel.db import row_guarded
from mela.kernel.db.statements import insert_new
from mela.services.streaming.model import Audience, Session
from mela.services.streaming.tables import sessions


@dataclass(frozen=True)
class Sign:
    """A sign of life: from now on the session lasts until `silent`, at this bandwidth."""

    session_id: str
    kbps: int
    at: datetime
    silent: datetime


_COUNT = select(func.count(), func.coalesce(func.sum(sessions.c.kbps), 0)).where(
    and_(sessions.c.match_id == bindparam("match_id"), sessions.c.silent > bindparam("now"))
)
_GO_ON = (
    update(sessions)
    .where(
        and_(
            sessions.c.id == bindparam("session_id"),
            sessions.c.silent > bindparam("at"),
            sessions.c.silent < bindparam("until"),
        )
    )
    .values(silent=bindparam("until"), kbps=bindparam("new_kbps"))
)
_ALIVE = select(sessions.c.id, sessions.c.match_id, sessions.c.silent).where(
    sessions.c.id.in_(bindparam("ids", expanding=True))
)
_END = delete(sessions).where(sessions.c.id == bindparam("session_id"))


def start(conn: Connection, session: Session, key: str, request: object) -> str:
    """Keep a new session; the same key again gives the session of then. Raises: KeyReused."""
    found = idempotency.claim(
        conn, owner=session.match_id, key=key, request=request, result=session.id, now=session.started
    )
    if found == session.id:
        insert_new(conn, sessions, asdict(session))
    return found


@row_guarded
def go_on(conn: Connection, signs: Sequence[Sign]) -> dict[str, str]:
    """Prolong sessions that are not over; by id, the match of each that goes on. A session that is over stays over."""
    ids = [sign.session_id for sign in signs]
    known = {row.id: row for row in conn.execute(_ALIVE, {"ids": ids})}
    living = [sign for sign in signs if sign.session_id in known and known[sign.session_id].silent > sign.at]
    if living:
        conn.execute(
            _GO_ON,
            [
                {"session_id": each.session_id, "at": each.at, "until": each.silent, "new_kbps": each.kbps}
                for each in living
            ],
        )
    return {each.session_id: known[each.session_id].match_id for each in living}


@row_guarded
def end(conn: Connection, session_id: str) -> None:
    """The viewer has left; already gone: nothing happens."""
    conn.execute(_END, {"session_id": session_id})


def audience(conn: Connection, match_id: str, now: datetime) -> Audience:
    """Who watches at `now`: sessions begun and not over. Exact, for all pods together."""
    viewers, kbps = conn.execute(_COUNT, {"match_id": match_id, "now": now}).one()
    return Audience(match_id, viewers, kbps / 1000, now)


@row_guarded
def forget(conn: Connection, before: datetime) -> None:
    """Drop sessions that were over before that moment, and their keys."""
    conn.execute(delete(sessions).where(sessions.c.silent < before))
    idempotency.forget(conn, before)
