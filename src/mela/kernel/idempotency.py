"""One key, one effect: remembered in the unit that has the effect.

order_id = idempotency.claim(conn, owner=customer_id, key=key, request=body, result=new_id)
if order_id is not new_id: return order_id      # done before: answer as then
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, and_, bindparam, delete, select

from mela.kernel import messages
from mela.kernel.db.columns import Instant
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Conflict, Rejected

metadata = MetaData()
keys = Table(
    "idempotency_keys", metadata,
    Column("owner", String(80), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("result", String(80), nullable=False),
    Column("created", Instant, nullable=False, index=True),
)  # fmt: skip

_answers = MetaData()
answers = Table(
    "idempotent_answers", _answers,
    Column("request", String(80), primary_key=True),
    Column("status", Integer, nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Instant, nullable=False, index=True),
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What was answered, byte for byte."""

    status: int
    media_type: str
    body: str


_KNOWN = select(keys).where(and_(keys.c.owner == bindparam("owner"), keys.c.key == bindparam("key")))

_ANSWER = select(answers).where(answers.c.request == bindparam("of"))


class KeyReused(Conflict):
    """This key came before with another request."""

    code = "kernel.idempotency_key_reused"


class KeyMissing(Rejected):
    """A writing request without an Idempotency-Key."""

    code = "kernel.idempotency_key_missing"


def create_tables(conn: Connection) -> None:
    """Create the table: called by a service's first migration."""
    metadata.create_all(conn)


def create_answers(conn: Connection) -> None:
    """Create the table of answers: called by a migration of a service that keeps whole answers."""
    _answers.create_all(conn)


def claim(conn: Connection, *, owner: str, key: str, request: object, result: str, now: datetime) -> str:
    """`result` when this owner uses the key for the first time, else the result of that time.

    Raises: KeyReused when the request was another one then.
    """
    fingerprint = _fingerprint(request)
    row = {"owner": owner, "key": key, "fingerprint": fingerprint, "result": result, "created": now}
    if insert_new(conn, keys, row):
        return result
    return find(conn, owner=owner, key=key, request=request) or result


def find(conn: Connection, *, owner: str, key: str, request: object) -> str | None:
    """The result of an earlier use of the key, None when there is none. Raises: KeyReused as `claim` does."""
    known = conn.execute(_KNOWN, {"owner": owner, "key": key}).one_or_none()
    if known is None:
        return None
    if known.fingerprint != _fingerprint(request):
        raise KeyReused
    return str(known.result)


def answer(conn: Connection, request: str) -> Answer | None:
    """What was answered to a request, None where nothing was yet."""
    row = conn.execute(_ANSWER, {"of": request}).one_or_none()
    return None if row is None else Answer(row.status, row.media_type, row.body)


def keep_answer(conn: Connection, request: str, made: Answer, now: datetime) -> Answer:
    """Keep the first answer to a request; the one that is kept."""
    insert_new(conn, answers, vars(made) | {"request": request, "created": now})
    return answer(conn, request) or made


def release(conn: Connection, *, owner: str, key: str) -> None:
    """Let a key be used again, as if it never had been: nothing came of its request."""
    conn.execute(delete(keys).where(and_(keys.c.owner == owner, keys.c.key == key)))


def forget_answers(conn: Connection, before: datetime) -> int:
    """Drop keys and answers of before `before`: used again, they count as new."""
    conn.execute(delete(answers).where(answers.c.created < before))
    return forget(conn, before)


def forget(conn: Connection, before: datetime) -> int:
    """Drop keys of before `before`: used again, they count as new."""
    return conn.execute(delete(keys).where(keys.c.created < before)).rowcount


def _fingerprint(request: object) -> str:
    return hashlib.sha256(messages.to_json(request)).hexdigest()
