"""Endpoints and their signing keys."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from mela.kernel import idempotency, sealed
from mela.kernel.errors import Conflict, NotFound
from mela.services.webhooks.model import Endpoint, SigningKey, Why
from mela.services.webhooks.store.rows import bury, endpoint_of
from mela.services.webhooks.tables import endpoints, signing_keys

_SHOWN = sealed.unsealed(signing_keys)
MOST_KEYS = 5
"""Secrets of one endpoint in force at once: each makes every request's head longer."""


class UnknownEndpoint(NotFound):
    """No endpoint has this id, or it is another owner's. Params: endpoint_id."""

    code = "webhooks.unknown_endpoint"


class TooManyEndpoints(Conflict):
    """This owner has as many as one may have. Params: most."""

    code = "webhooks.too_many_endpoints"


class TooManyKeys(Conflict):
    """Secrets that were rotated out are still in force. Params: most."""

    code = "webhooks.too_many_keys"


def create(
    conn: Connection, fresh: Endpoint, signing: SigningKey, secret: str, *, key: str, request: object, most: int
) -> Endpoint:
    """Keep an endpoint and its secret; the same idempotency key again gives the endpoint of then.

    Raises: KeyReused, TooManyEndpoints, UnknownEndpoint for one that has been removed since.
    """
    found = idempotency.claim(
        conn, owner=_owner(fresh.owner), key=key, request=request, result=fresh.id, now=fresh.created
    )
    if found == fresh.id:
        if conn.execute(select(func.count()).where(endpoints.c.owner == fresh.owner)).scalar_one() >= most:
            raise TooManyEndpoints(most=most)
        conn.execute(endpoints.insert(), asdict(fresh) | {"types": list(fresh.types)})
        _keep(conn, signing, secret)
    return get(conn, found, fresh.owner)


def get(conn: Connection, endpoint_id: str, owner: str | None) -> Endpoint:
    """An endpoint of this owner, or of any. Raises: UnknownEndpoint."""
    row = conn.execute(select(endpoints).where(_named(endpoint_id, owner))).one_or_none()
    if row is None:
        raise UnknownEndpoint(endpoint_id=endpoint_id)
    return endpoint_of(row)


def page(conn: Connection, owner: str | None, after: str | None, limit: int) -> list[Endpoint]:
    """Endpoints of this owner, or all, oldest first, those after the id `after`."""
    query = select(endpoints).order_by(endpoints.c.id).limit(limit)
    if owner is not None:
        query = query.where(endpoints.c.owner == owner)
    if after is not None:
        query = query.where(endpoints.c.id > after)
    return [endpoint_of(row) for row in conn.execute(query)]


def change(
    conn: Connection,
    endpoint_id: str,
    owner: str | None,
    changes: Mapping[str, Any],
    *,
    enabled: bool | None,
    now: datetime,
) -> Endpoint:
    """Set what is given. Enabling forgets past failures; disabling makes dead letters of what waits. Raises: UnknownEndpoint."""
    known = get(conn, endpoint_id, owner)
    if changes:
        conn.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(**changes))
    if enabled is True:
        fresh = {"disabled": None, "disabled_at": None, "failing_since": None}
        conn.execute(update(endpoints).where(endpoints.c.id == endpoint_id).values(**fresh))
    if enabled is False and known.disabled is None:
        disable(conn, endpoint_id, "owner", now)
    return get(conn, endpoint_id, owner)


def disable(conn: Connection, endpoint_id: str, why: Why, now: datetime) -> bool:
    """Send nothing more to an endpoint; what waits becomes dead letters. False when it was so before, or is no more."""
    active = and_(endpoints.c.id == endpoint_id, endpoints.c.disabled.is_(None))
    if conn.execute(update(endpoints).where(active).values(disabled=why, disabled_at=now)).rowcount == 0:
        return False
    bury(conn, endpoint_id, now)
    return True


def remove(conn: Connection, endpoint_id: str, owner: str | None, now: datetime) -> None:
    """Forget an endpoint and its secrets. Its deliveries stay until their time. Raises: UnknownEndpoint."""
    if conn.execute(delete(endpoints).where(_named(endpoint_id, owner))).rowcount == 0:
        raise UnknownEndpoint(endpoint_id=endpoint_id)
    conn.execute(delete(signing_keys).where(signing_keys.c.endpoint_id == endpoint_id))
    bury(conn, endpoint_id, now)


def rotate(
    conn: Connection, owner: str, fresh: SigningKey, secret: str, *, ends: datetime, key: str, request: object
) -> tuple[SigningKey, bool]:
    """Give an endpoint a new secret; those before it sign until `ends`. True when it was made now.

    The same idempotency key again gives the key of then. Raises: UnknownEndpoint, TooManyKeys, KeyReused.
    """
    get(conn, fresh.endpoint_id, owner)
    found = idempotency.claim(conn, owner=_owner(owner), key=key, request=request, result=fresh.id, now=fresh.created)
    if found == fresh.id:
        if len(keys(conn, fresh.endpoint_id, fresh.created)) >= MOST_KEYS:
            raise TooManyKeys(most=MOST_KEYS)
        of_endpoint = signing_keys.c.endpoint_id == fresh.endpoint_id
        conn.execute(
            update(signing_keys).where(and_(of_endpoint, signing_keys.c.expires.is_(None))).values(expires=ends)
        )
        _keep(conn, fresh, secret)
    row = conn.execute(select(*_SHOWN).where(signing_keys.c.id == found)).one_or_none()
    return (fresh if row is None else SigningKey(*row)), found == fresh.id


def keys(conn: Connection, endpoint_id: str, now: datetime) -> list[SigningKey]:
    """The secrets in force, newest first."""
    in_force = or_(signing_keys.c.expires.is_(None), signing_keys.c.expires > now)
    query = select(*_SHOWN).where(and_(signing_keys.c.endpoint_id == endpoint_id, in_force))
    return [SigningKey(*row) for row in conn.execute(query.order_by(signing_keys.c.id.desc()))]


def forget_keys(conn: Connection, now: datetime) -> int:
    """Drop secrets that sign no more; how many."""
    return conn.execute(delete(signing_keys).where(signing_keys.c.expires <= now)).rowcount


def of_owners(conn: Connection, owners: Sequence[str]) -> list[Endpoint]:
    """All endpoints of these owners."""
    return [endpoint_of(row) for row in conn.execute(select(endpoints).where(endpoints.c.owner.in_(owners)))]


def _keep(conn: Connection, fresh: SigningKey, secret: str) -> None:
    conn.execute(signing_keys.insert(), sealed.row(signing_keys, asdict(fresh) | {"sealed": secret}))


def _named(endpoint_id: str, owner: str | None) -> Any:
    named = endpoints.c.id == endpoint_id
    return named if owner is None else and_(named, endpoints.c.owner == owner)


def _owner(owner: str) -> str:
    """Whose idempotency key it is; a seller cannot be called as the platform is."""
    return f"seller:{owner}" if owner else "operator"
