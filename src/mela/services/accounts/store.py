"""Every query of accounts. Its public functions are the units of work."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Integer, Row, and_, bindparam, delete, or_, select, update

from mela.contracts.accounts import Erased
from mela.kernel import auth, idempotency, sealed
from mela.kernel.db import row_guarded
from mela.kernel.db.statements import hold_writers, insert_new
from mela.kernel.errors import NotFound, TooMany
from mela.kernel.sealed import LastingHash
from mela.services.accounts import rules
from mela.services.accounts.model import Code, Customer, Limit, SignIn, Token, Verdict
from mela.services.accounts.tables import codes, customers, erasures, outgoing, secrets, tokens

PERSONAL = (customers, codes)
"""Tables with sealed columns."""


class TooManyCodes(TooMany):
    """This phone got enough codes for now. Params: seconds."""

    code = "accounts.too_many_codes"


def code_key(conn: Connection, fresh: str) -> str:
    """The secret behind all codes: `fresh` where there was none."""
    insert_new(conn, secrets, {"name": "codes", "value": fresh})
    kept: str = conn.execute(select(secrets.c.value).where(secrets.c.name == "codes")).scalar_one()
    return kept


# Codes. Statements of every sign-in and request are built once: building one costs more than running it.

_CODES_OF = sealed.found_by(codes.c.phone_index, "phone")
_CODE = [column for column in codes.columns if column is not codes.c.phone_index]
_ISSUED = (
    select(codes.c.created).where(_CODES_OF).order_by(codes.c.created.desc()).limit(bindparam("most", type_=Integer))
)
_ISSUE = codes.insert()
_LEAVE = outgoing.insert()
_DROP_OUTGOING_OF = delete(outgoing).where(outgoing.c.code_id.in_(select(codes.c.id).where(_CODES_OF)))
_SENT = delete(outgoing).where(outgoing.c.code_id == bindparam("code_id"))
_VALID = select(codes.c.id).where(codes.c.expires > bindparam("now"))
_DUE = (
    select(outgoing.c.code_id)
    .where(and_(outgoing.c.due <= bindparam("now"), outgoing.c.code_id.in_(_VALID)))
    .order_by(outgoing.c.due)
    .limit(bindparam("most", type_=Integer))
)
_CLAIM = (
    update(outgoing)
    .where(and_(outgoing.c.code_id.in_(_DUE), outgoing.c.due <= bindparam("now")))
    .values(due=bindparam("again"))
    .returning(outgoing.c.code_id)
)
_CODES = select(*_CODE).where(codes.c.id.in_(bindparam("ids", expanding=True)))
_NEWEST = select(*_CODE).where(_CODES_OF).order_by(codes.c.created.desc(), codes.c.id.desc()).limit(1)
_TRIED = update(codes).where(codes.c.id == bindparam("of_code")).values(tries=bindparam("now_tried"))
_USED = update(codes).where(codes.c.id == bindparam("of_code")).values(used_by=bindparam("session_id"))
_DROP_OF = delete(codes).where(_CODES_OF)
_OWNER = select(customers.c.id).where(sealed.found_by(customers.c.phone_index, "phone"))
_JOIN = customers.insert()


def issue_code(conn: Connection, code: Code, limits: Sequence[Limit], due: datetime) -> None:
    """Have a phone's newest code be this one, and leave it to be sent at `due`. Raises: TooManyCodes."""
    phone = sealed.hashes(conn, codes.c.phone_index, code.phone)
    issued = list(conn.scalars(_ISSUED, {"phone": phone, "most": max(limit.count for limit in limits)}))
    if seconds := rules.seconds_to_wait(issued, code.created, limits):
        raise TooManyCodes(seconds=seconds)
    conn.execute(_DROP_OUTGOING_OF, {"phone": phone})
    conn.execute(_ISSUE, sealed.row(codes, vars(code)))
    conn.execute(_LEAVE, {"code_id": code.id, "due": due})


def any_outgoing(conn: Connection, now: datetime) -> bool:
    """Whether a claim may find something: cheaper to ask than to claim in vain."""
    return conn.execute(_DUE, {"now": now, "most": 1}).first() is not None


@row_guarded
def claim_outgoing(conn: Connection, now: datetime, *, again_s: float, limit: int) -> list[Code]:
    """Take valid codes that are due to be sent; they come back after `again_s` unless `sent` is told."""
    found = list(conn.scalars(_CLAIM, {"now": now, "most": limit, "again": now + timedelta(seconds=again_s)}))
    return [_code(row) for row in conn.execute(_CODES, {"ids": found})] if found else []


@row_guarded
def sent(conn: Connection, code_id: str) -> None:
    """The SMS provider has this code."""
    conn.execute(_SENT, {"code_id": code_id})


def sign_in(
    conn: Connection, phone: str, given: str, session: Token, customer: Customer, *, key: str, tries: int, most_sessions: int
) -> SignIn:  # fmt: skip
    """Try a phone's newest code. Right: it is used up, and opens `session` for its customer, for `customer` where there was none.

    A wrong try is counted, so it is an answer and not an error: an error would take the count back.
    """
    hashes = sealed.hashes(conn, codes.c.phone_index, phone)
    code = next(map(_code, conn.execute(_NEWEST, {"phone": hashes})), None)
    verdict = rules.judge(code, given, key=key, session_id=session.id, tries=tries, now=session.created)
    if code is None or verdict not in (Verdict.RIGHT, Verdict.WRONG):
        return SignIn(verdict)
    if verdict is Verdict.WRONG:
        conn.execute(_TRIED, {"of_code": code.id, "now_tried": code.tries + 1})
        return SignIn(verdict, left=tries - code.tries - 1)
    conn.execute(_USED, {"of_code": code.id, "session_id": session.id})
    owner = _owner(conn, customer)
    insert_new(conn, tokens, asdict(replace(session, owner=owner)))
    conn.execute(_END_OLDEST, {"of_owner": owner, "most": most_sessions, "now": session.created})
    return SignIn(verdict, customer_id=owner)


def _owner(conn: Connection, newcomer: Customer) -> str:
    """Whose phone it is; the newcomer's, who is kept, where it is nobody's under any key that there is."""
    phone, index = newcomer.phone, customers.c.phone_index
    owner: str | None = conn.execute(_OWNER, {"phone": sealed.hashes(conn, index, phone)}).scalar()
    if owner is None and sealed.catch_up(conn):
        owner = conn.execute(_OWNER, {"phone": sealed.hashes(conn, index, phone)}).scalar()
    if owner is None:
        conn.execute(_JOIN, sealed.row(customers, asdict(newcomer)))
    return owner or newcomer.id


# Tokens.

_OF_HASH = select(tokens).where(tokens.c.hash == bindparam("hash"))
_KEYED = LastingHash("tokens.hash")
_OF_KEY = select(tokens).where(tokens.c.hash == bindparam("token", type_=_KEYED))
_ADD_KEY = tokens.insert().values(hash=bindparam("token", type_=_KEYED))
_SEEN = update(tokens).where(tokens.c.id == bindparam("token_id")).values(seen=bindparam("now"))
_END = update(tokens).where(tokens.c.id == bindparam("token_id")).values(expires=bindparam("until"))
_LIVE_KEY = select(tokens).where(
    and_(
        tokens.c.kind == "merchant", tokens.c.id == bindparam("of"), tokens.c.revoked.is_(None),
        or_(tokens.c.expires.is_(None), tokens.c.expires > bindparam("now")),
    )
)  # fmt: skip
_LIVE = and_(tokens.c.kind == "customer", tokens.c.owner == bindparam("of_owner"), tokens.c.revoked.is_(None))
_NEWEST_LIVE = select(tokens.c.id).where(_LIVE).order_by(tokens.c.id.desc()).limit(bindparam("most", type_=Integer))
_END_OLDEST = update(tokens).where(and_(_LIVE, tokens.c.id.not_in(_NEWEST_LIVE))).values(revoked=bindparam("now"))
_EXTEND = (
    update(tokens).where(tokens.c.id == bindparam("token_id")).values(seen=bindparam("now"), expires=bindparam("until"))
)


def find_token(conn: Connection, token: str) -> Token | None:
    """What is kept of a token, also of one that is over."""
    keyed = token.startswith(tuple(auth.KEY_PREFIX.values()))
    found = conn.execute(*((_OF_KEY, {"token": token}) if keyed else (_OF_HASH, {"hash": auth.digest(token)})))
    row = found.one_or_none()
    return None if row is None else _token(row)


def live_tokens(
    conn: Connection, kind: Literal["customer", "merchant"], now: datetime, limit: int,
    *, owner: str | None = None, before: str | None = None,
) -> list[Token]:  # fmt: skip
    """Tokens that work, newest first: all or one owner's, those made before the token `before`."""
    wanted = [
        tokens.c.kind == kind,
        tokens.c.revoked.is_(None),
        or_(tokens.c.expires.is_(None), tokens.c.expires > now),
    ]
    wanted += [tokens.c.owner == owner] if owner else []
    wanted += [tokens.c.id < before] if before else []
    rows = conn.execute(select(tokens).where(and_(*wanted)).order_by(tokens.c.id.desc()).limit(limit))
    return [_token(row) for row in rows]


def create_key(conn: Connection, fresh: Token, token: str, key: str, request: object) -> Token:
    """Keep an API key by its keyed hash; the same idempotency key again gives the API key of then. Raises: KeyReused."""
    found = idempotency.claim(conn, owner="operator", key=key, request=request, result=fresh.id, now=fresh.created)
    if found == fresh.id:
        _add_key(conn, fresh, token)
    return _token(conn.execute(select(tokens).where(tokens.c.id == found)).one())


def find_key(conn: Connection, key_id: str) -> Token:
    """An API key, also one that is over. Raises: NotFound."""
    row = conn.execute(select(tokens).where(tokens.c.kind == "merchant", tokens.c.id == key_id)).one_or_none()
    if row is None:
        raise NotFound("kernel.not_found")
    return _token(row)


def rotate_key(
    conn: Connection, key_id: str, fresh_id: str, token: str, *, overlap_s: int, key: str, now: datetime
) -> tuple[Token, Token]:
    """A new API key that may do what the old one may, which ends after `overlap_s`; the new one and the old one.

    The same idempotency key again gives those of then. Raises: KeyReused, NotFound for a key that does not work any more.
    """
    request = ["rotate", key_id, overlap_s]
    found = idempotency.claim(conn, owner="operator", key=key, request=request, result=fresh_id, now=now)
    if found == fresh_id:
        row = conn.execute(_LIVE_KEY, {"of": key_id, "now": now}).one_or_none()
        if row is None:
            raise NotFound("kernel.not_found")
        old, ends = _token(row), now + timedelta(seconds=overlap_s)
        _add_key(conn, replace(old, id=fresh_id, created=now, seen=now), token)
        conn.execute(_END, {"token_id": key_id, "until": ends if old.expires is None else min(old.expires, ends)})
    both = select(tokens).where(tokens.c.id.in_([found, key_id]))
    by_id = {row.id: _token(row) for row in conn.execute(both)}
    return by_id[found], by_id[key_id]


def _add_key(conn: Connection, fresh: Token, token: str) -> None:
    values = asdict(fresh)
    del values["hash"]
    conn.execute(_ADD_KEY, values | {"token": token})


def seen(conn: Connection, token_ids: Sequence[str], now: datetime) -> None:
    """API keys that were used now, of which there is at least one."""
    conn.execute(_SEEN, [{"token_id": token_id, "now": now} for token_id in token_ids])


def revoke(
    conn: Connection, kind: Literal["customer", "merchant"], token_id: str, now: datetime, owner: str | None = None
) -> None:
    """End a token, of this owner if one is named; ended already: nothing happens. Raises: NotFound."""
    named = and_(tokens.c.kind == kind, tokens.c.id == token_id, *([tokens.c.owner == owner] if owner else []))
    if conn.execute(update(tokens).where(and_(named, tokens.c.revoked.is_(None))).values(revoked=now)).rowcount:
        return
    if conn.execute(select(tokens.c.id).where(named)).one_or_none() is None:
        raise NotFound("kernel.not_found")


def extend(conn: Connection, token_ids: Sequence[str], now: datetime, expires: datetime) -> None:
    """Sessions that were used now, of which there is at least one, last until `expires`."""
    conn.execute(_EXTEND, [{"token_id": token_id, "now": now, "until": expires} for token_id in token_ids])


# Customers.

_CUSTOMER = select(*(column for column in customers.columns if column is not customers.c.phone_index)).where(
    customers.c.id == bindparam("id")
)


def customer(conn: Connection, customer_id: str) -> Customer:
    """A customer. Raises: NotFound."""
    row = conn.execute(_CUSTOMER, {"id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("kernel.not_found")
    return Customer(**row._mapping)  # noqa: SLF001


def change_customer(conn: Connection, customer_id: str, changes: dict[str, Any]) -> Customer:
    """Set name or language. Raises: NotFound."""
    if changes:
        values = changes | ({"name": sealed.of(customer_id, changes["name"])} if "name" in changes else {})
        conn.execute(update(customers).where(customers.c.id == customer_id).values(values))
    return customer(conn, customer_id)


_ERASED_AFTER = (
    select(erasures.c.number, erasures.c.customer_id, erasures.c.at)
    .where(erasures.c.number > bindparam("after"))
    .order_by(erasures.c.number)
    .limit(bindparam("most", type_=Integer))
)


def erase(conn: Connection, customer_id: str, by: str, now: datetime) -> datetime:
    """Know a customer no more: phone, name, codes and sessions go, and that they went is told. Returns when that was.

    Erased before: nothing happens. Raises: NotFound.
    """
    hold_writers(conn, erasures)  # numbers are told in order: none may come in below one that was told
    before = conn.execute(select(erasures.c.at).where(erasures.c.customer_id == customer_id)).scalar()
    if before is not None:
        return before  # type: ignore[no-any-return]
    sealed.catch_up(conn)
    phone = sealed.hashes(conn, codes.c.phone_index, customer(conn, customer_id).phone)
    conn.execute(_DROP_OUTGOING_OF, {"phone": phone})
    conn.execute(_DROP_OF, {"phone": phone})
    conn.execute(delete(tokens).where(and_(tokens.c.kind == "customer", tokens.c.owner == customer_id)))
    conn.execute(delete(customers).where(customers.c.id == customer_id))
    conn.execute(erasures.insert(), {"customer_id": customer_id, "at": now, "by": by})
    return now


def erased(conn: Connection, after: int, most: int) -> list[Erased]:
    """Customers who went after number `after`, in order."""
    return [Erased(*row) for row in conn.execute(_ERASED_AFTER, {"after": after, "most": most})]


def forget(conn: Connection, *, codes_before: datetime, tokens_before: datetime) -> None:
    """Drop codes issued, tokens expired and idempotency keys used before these moments."""
    old = select(codes.c.id).where(codes.c.created < codes_before)
    conn.execute(delete(outgoing).where(outgoing.c.code_id.in_(old)))
    conn.execute(delete(codes).where(codes.c.created < codes_before))
    conn.execute(delete(tokens).where(tokens.c.expires < tokens_before))
    idempotency.forget(conn, tokens_before)


def _code(row: Row[Any]) -> Code:
    return Code(**row._mapping)  # noqa: SLF001


def _token(row: Row[Any]) -> Token:
    return Token(**{**row._mapping, "scopes": tuple(row.scopes), "networks": tuple(row.networks)})  # noqa: SLF001
