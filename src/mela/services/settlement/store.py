"""Every query of settlement. Its public functions are the units of work."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, case, func, or_, select, update

from mela.contracts.orders import OrderUnsold
from mela.contracts.settlement import PayoutOpened, SellerPaid
from mela.kernel import events, idempotency, ids, sealed
from mela.kernel.db.statements import insert_new, upsert
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.kernel.telemetry.masking import Personal
from mela.services.settlement.model import (
    HEADS,
    Amounts,
    BankAccount,
    Entry,
    EntryKind,
    EntryLine,
    Payout,
    PayoutState,
    Run,
    Sums,
)
from mela.services.settlement.rules import fees
from mela.services.settlement.tables import bank_accounts, entries, payouts, runs

PERSONAL = (bank_accounts,)
"""Tables with sealed columns."""
NOTHING = Paise(0)


class UnknownRun(NotFound):
    """No run has settled that day. Params: day."""

    code = "settlement.unknown_run"


# Entries. Statements of every sale and payout are built once: building one costs more than running it.

_BOOK = entries.insert()
_OF_CAUSE = select(entries).where(entries.c.cause == bindparam("cause")).order_by(entries.c.seller_id)
_OF_ORDER = select(entries).where(entries.c.order_id == bindparam("order_id"))
_POSTED = update(entries).where(entries.c.event_id == bindparam("of_event")).values(posted=True)


def book(conn: Connection, fresh: Sequence[Entry]) -> list[Entry]:
    """Keep the entries of one cause, or find those that are kept already; by seller."""
    kept = of_cause(conn, fresh[0].cause) if fresh else []
    if fresh and not kept:
        conn.execute(_BOOK, [_row(entry) for entry in fresh])
        kept = sorted(fresh, key=lambda entry: entry.seller_id)
    return kept


def book_reversal(conn: Connection, event: OrderUnsold, event_id: str, booked_on: date) -> list[Entry]:
    """Take back what came back, line by line, in this unit: what earlier reversals took is known here.

    Raises: ReversalTooLarge, also for a line that was never sold.
    """
    if kept := of_cause(conn, event.refund_id):
        return kept
    sold, gone = _sold(conn, event.order_id)
    lines: dict[str, list[EntryLine]] = {}
    for part in event.lines:
        line = sold.get((part.seller_id, part.sku))
        before = gone.get((part.seller_id, part.sku), 0)
        if line is None:
            raise fees.ReversalTooLarge(sku=part.sku, left=0)
        gone[part.seller_id, part.sku] = before + part.gross
        lines.setdefault(part.seller_id, []).append(fees.reversal_line(line, Paise(before), part))
    fresh = [
        Entry(ids.new_id("ent"), event_id, event.refund_id, event.order_id, seller_id, EntryKind.REVERSAL, booked_on, event.at,
              fees.total(line.amounts for line in own), tuple(own))
        for seller_id, own in lines.items()
    ]  # fmt: skip
    return book(conn, fresh)


def posted(conn: Connection, event_id: str) -> None:
    """The ledger has the entries of this event: they may be paid out."""
    conn.execute(_POSTED, {"of_event": event_id})


def of_cause(conn: Connection, cause: str) -> list[Entry]:
    """The entries of an order's sale or of a refund, by seller."""
    return [_entry(row) for row in conn.execute(_OF_CAUSE, {"cause": cause})]


# Runs and payouts.

# Open, in the ledger, and booked before this banking day: then the first banking day after is not later than it.
_DUE = and_(entries.c.payout_id.is_(None), entries.c.posted.is_(True), entries.c.booked_on < bindparam("settled_on"))
_SELLERS_DUE = select(entries.c.seller_id).where(_DUE).distinct().order_by(entries.c.seller_id)
_OWN_DUE = and_(entries.c.seller_id == bindparam("of_seller"), _DUE)
_BALANCE_DUE = select(func.coalesce(func.sum(entries.c.net), 0)).where(_OWN_DUE)
_OLDEST_DUE = select(entries.c.id, entries.c.net).where(_OWN_DUE).order_by(entries.c.booked_on, entries.c.id)
_PAY_DUE = update(entries).where(_OWN_DUE).values(payout_id=bindparam("payout"))
_FINISHED = select(runs.c.finished).where(runs.c.settled_on == bindparam("settled_on"))
_SENDING = payouts.c.state == PayoutState.SENDING.value
_UNANSWERED = (
    select(payouts).where(_SENDING).order_by(payouts.c.settled_on, payouts.c.id).limit(bindparam("most", type_=Integer))
)
_SENDING_ONE = update(payouts).where(and_(payouts.c.id == bindparam("of_payout"), _SENDING))
_UNCLEAR = _SENDING_ONE.values(reason=bindparam("why"))
_PAID = _SENDING_ONE.values(state=PayoutState.PAID.value, utr=bindparam("its_utr"), reason=None, paid=bindparam("now"))


def claim_run(conn: Connection, owner: str, key: str, settled_on: date, now: datetime) -> None:
    """Bind a caller's key to a day. Raises: KeyReused for another day."""
    day = settled_on.isoformat()
    idempotency.claim(conn, owner=owner, key=key, request=["run", day], result=day, now=now)


def start_run(conn: Connection, settled_on: date, now: datetime) -> None:
    """Remember that this day is being settled; again: nothing happens."""
    insert_new(conn, runs, {"settled_on": settled_on, "started": now, "finished": None})


def finish_run(conn: Connection, settled_on: date, now: datetime) -> None:
    """Every payout of this day has been opened and sent once."""
    conn.execute(
        update(runs).where(and_(runs.c.settled_on == settled_on, runs.c.finished.is_(None))).values(finished=now)
    )


def is_finished(conn: Connection, settled_on: date) -> bool:
    """Whether the run of a day has come to its end."""
    return conn.execute(_FINISHED, {"settled_on": settled_on}).scalar() is not None


def due(conn: Connection, settled_on: date) -> list[str]:
    """Sellers with entries that a run of this banking day may pay, in a stable order."""
    return list(conn.scalars(_SELLERS_DUE, {"settled_on": settled_on}))


def open_payout(
    conn: Connection, seller_id: str, settled_on: date, now: datetime, *, withheld: Paise = NOTHING
) -> Payout | None:
    """Open the seller's payout of a day with all entries due, or with the oldest that leave `withheld` paise, in this one unit.

    None, and nothing changes: when the day has one already, when the balance is zero or less, and when the seller has no
    bank account. Then the entries stay open and are carried forward.
    """
    mine = {"of_seller": seller_id, "settled_on": settled_on}
    amount = int(conn.execute(_BALANCE_DUE, mine).scalar_one())
    paid = None
    if withheld:
        paid, amount = fees.beside([(row.id, row.net) for row in conn.execute(_OLDEST_DUE, mine)], amount - withheld)
    if amount <= 0 or account(conn, seller_id) is None:
        return None
    fresh = Payout(ids.new_id("po"), seller_id, settled_on, Paise(amount), PayoutState.SENDING, None, None, now, None)
    if not insert_new(conn, payouts, vars(fresh) | {"state": fresh.state.value}):
        return None
    paying = _PAY_DUE if paid is None else _PAY_DUE.where(entries.c.id.in_(paid))
    conn.execute(paying, {**mine, "payout": fresh.id})
    events.emit(conn, PayoutOpened(fresh.id, seller_id, settled_on, fresh.amount, now))
    return fresh


def unanswered(conn: Connection, limit: int) -> list[Payout]:
    """Payouts whose outcome is not known, oldest first."""
    return [_payout(row) for row in conn.execute(_UNANSWERED, {"most": limit})]


def unclear(conn: Connection, payout_id: str, reason: str) -> None:
    """The last try brought no outcome."""
    conn.execute(_UNCLEAR, {"of_payout": payout_id, "why": reason[:500]})


def paid(conn: Connection, payout: Payout, utr: str, now: datetime) -> bool:
    """The bank has paid and the ledger has it: tell the world, once. False when that was done before."""
    if conn.execute(_PAID, {"of_payout": payout.id, "its_utr": utr, "now": now}).rowcount == 0:
        return False
    events.emit(conn, SellerPaid(payout.id, payout.seller_id, payout.settled_on, payout.amount, utr, now))
    return True


# Bank accounts.

_ACCOUNT = select(bank_accounts).where(bank_accounts.c.seller_id == bindparam("seller_id"))


def account(conn: Connection, seller_id: str) -> BankAccount | None:
    """Where a seller's money goes; None when nobody has told us."""
    row = conn.execute(_ACCOUNT, {"seller_id": seller_id}).one_or_none()
    return None if row is None else BankAccount(row.seller_id, Personal(row.name), Personal(row.account), row.ifsc)


def keep_accounts(conn: Connection, accounts: Sequence[Mapping[str, str]]) -> int:
    """Put bank accounts in, or what is new about them; how many."""
    for row in accounts:
        upsert(conn, bank_accounts, sealed.row(bank_accounts, row), key=[bank_accounts.c.seller_id])
    return len(accounts)


# Reading.


def run(conn: Connection, settled_on: date) -> Run:
    """A day's run with its sums as they are now. Raises: UnknownRun."""
    found = conn.execute(select(runs).where(runs.c.settled_on == settled_on)).one_or_none()
    if found is None:
        raise UnknownRun(day=settled_on.isoformat())
    states = payout_sums(conn, settled_on)
    open_then = select(func.sum(entries.c.net).label("net")).where(_carried(settled_on)).group_by(entries.c.seller_id)
    balances = open_then.subquery()
    carried, carried_amount = conn.execute(select(func.count(), func.coalesce(func.sum(balances.c.net), 0))).one()
    done, waiting = states[PayoutState.PAID], states[PayoutState.SENDING]
    return Run(settled_on, found.started, found.finished, *done, *waiting, carried, Paise(int(carried_amount)))


def payouts_on(conn: Connection, settled_on: date) -> list[Payout]:
    """The payouts of a day, by seller."""
    rows = conn.execute(select(payouts).where(payouts.c.settled_on == settled_on).order_by(payouts.c.seller_id))
    return [_payout(row) for row in rows]


def payout_sums(conn: Connection, settled_on: date | None = None) -> dict[PayoutState, tuple[int, Paise]]:
    """Number and amount of the payouts in each state, of one day or of all."""
    query = select(payouts.c.state, func.count(), func.sum(payouts.c.amount)).group_by(payouts.c.state)
    rows = conn.execute(query if settled_on is None else query.where(payouts.c.settled_on == settled_on))
    found = {PayoutState(state): (count, Paise(int(amount))) for state, count, amount in rows}
    return {state: found.get(state, (0, Paise(0))) for state in PayoutState}


def statement(conn: Connection, seller_id: str, settled_on: date) -> tuple[Payout | None, list[Entry], list[Entry]]:
    """A seller's day: the payout, the entries that it pays, and those carried forward; nothing of a day not yet run."""
    if conn.execute(select(runs.c.started).where(runs.c.settled_on == settled_on)).scalar() is None:
        return None, [], []
    mine = and_(payouts.c.seller_id == seller_id, payouts.c.settled_on == settled_on)
    row = conn.execute(select(payouts).where(mine)).one_or_none()
    settled = [] if row is None else _entries(conn, entries.c.payout_id == row.id)
    carried = _entries(conn, and_(entries.c.seller_id == seller_id, _carried(settled_on)))
    return None if row is None else _payout(row), settled, carried


def page(conn: Connection, seller_id: str, before: date | None, limit: int) -> list[Payout]:
    """A seller's payouts, the latest day first, those of days before `before`."""
    mine = payouts.c.seller_id == seller_id
    older = mine if before is None else and_(mine, payouts.c.settled_on < before)
    query = select(payouts).where(older).order_by(payouts.c.settled_on.desc()).limit(limit)
    return [_payout(row) for row in conn.execute(query)]


def sums(conn: Connection) -> Sums:
    """All of the books, at one moment."""
    heads = [func.coalesce(func.sum(entries.c[head]), 0) for head in HEADS]
    still_open = func.coalesce(func.sum(case((entries.c.payout_id.is_(None), entries.c.net), else_=0)), 0)
    unposted = func.coalesce(func.sum(case((entries.c.posted.is_(False), 1), else_=0)), 0)
    *amounts, net, count = conn.execute(select(*heads, still_open, unposted)).one()
    states = payout_sums(conn)
    return Sums(
        Amounts(*(Paise(int(amount)) for amount in amounts)), Paise(int(net)), int(count), states[PayoutState.PAID][1],
        states[PayoutState.SENDING][1], _wrong_payouts(conn),
    )  # fmt: skip


# Below the units.


def _wrong_payouts(conn: Connection, limit: int = 20) -> tuple[str, ...]:
    """Payouts whose amount is not the sum of the entries that they pay: there must be none."""
    summed = (
        select(entries.c.payout_id, func.sum(entries.c.net).label("net"))
        .where(entries.c.payout_id.is_not(None)).group_by(entries.c.payout_id).subquery()
    )  # fmt: skip
    pairs = select(payouts.c.id).outerjoin(summed, summed.c.payout_id == payouts.c.id)
    wrong = or_(summed.c.net.is_(None), summed.c.net != payouts.c.amount)
    return tuple(row.id for row in conn.execute(pairs.where(wrong).order_by(payouts.c.id).limit(limit)))


def _carried(settled_on: date) -> ColumnElement[bool]:
    """Due on this day, and paid by no payout until it."""
    later = select(payouts.c.id).where(payouts.c.settled_on > settled_on)
    not_yet = or_(entries.c.payout_id.is_(None), entries.c.payout_id.in_(later))
    return and_(entries.c.booked_on < settled_on, not_yet)


def _entries(conn: Connection, wanted: ColumnElement[bool]) -> list[Entry]:
    query = select(entries).where(wanted).order_by(entries.c.at, entries.c.id)
    return [_entry(row) for row in conn.execute(query)]


def _sold(conn: Connection, order_id: str) -> tuple[dict[tuple[str, str], EntryLine], dict[tuple[str, str], int]]:
    """An order's sold lines by seller and sku, and the gross that has come back of each."""
    sold: dict[tuple[str, str], EntryLine] = {}
    gone: dict[tuple[str, str], int] = {}
    for row in conn.execute(_OF_ORDER, {"order_id": order_id}):
        entry = _entry(row)
        for line in entry.lines:
            place = (entry.seller_id, line.sku)
            if entry.kind is EntryKind.SALE:
                sold[place] = line
            else:
                gone[place] = gone.get(place, 0) - line.amounts.gross
    return sold, gone


def _row(entry: Entry) -> dict[str, Any]:
    known = {column.name: getattr(entry, column.name) for column in entries.columns if hasattr(entry, column.name)}
    lines = [asdict(line) for line in entry.lines]
    return known | vars(entry.amounts) | {"kind": entry.kind.value, "lines": lines, "posted": False}


def _entry(row: Any) -> Entry:
    return Entry(
        id=row.id, event_id=row.event_id, cause=row.cause, order_id=row.order_id, seller_id=row.seller_id,
        kind=EntryKind(row.kind), booked_on=row.booked_on, at=row.at,
        amounts=Amounts(*(Paise(getattr(row, head)) for head in HEADS)),
        lines=tuple(EntryLine(x["sku"], x["category"], x["quantity"], Amounts(**x["amounts"])) for x in row.lines),
        payout_id=row.payout_id,
    )  # fmt: skip


def _payout(row: Any) -> Payout:
    return Payout(row.id, row.seller_id, row.settled_on, Paise(row.amount), PayoutState(row.state), row.utr, row.reason,
                  row.created, row.paid)  # fmt: skip
