"""One key, one effect: remembered in the unit that has the effect.

order_id = idempotency.claim(conn, owner=customer_id, key=key, request=body, result=new_id)
if order_id is not new_id: return order_id      # done before: answer as then
"""

import hashlib
from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, and_, bindparam, delete, select

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

_KNOWN = select(keys).where(and_(keys.c.owner == bindparam("owner"), keys.c.key == bindparam("key")))


class KeyReused(Conflict):
    """This key came before with another request."""

    code = "kernel.idempotency_key_reused"


class KeyMissing(Rejected):
    """A writing request without an Idempotency-Key."""

    code = "kernel.idempotency_key_missing"


def create_tables(conn: Connection) -> None:
    """Create the table: called by a service's first migration."""
    metadata.create_all(conn)


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


def forget(conn: Connection, before: datetime) -> int:
    """Drop keys of before `before`: used again, they count as new."""
    return conn.execute(delete(keys).where(keys.c.created < before)).rowcount


def _fingerprint(request: object) -> str:
    return hashlib.sha256(messages.to_json(request)).hexdigest()
