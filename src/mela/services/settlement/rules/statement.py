"""A statement as text for a terminal: amounts first and right-aligned, so that no script's letter widths matter."""

from collections.abc import Iterator
from datetime import date
from typing import Protocol

from mela.kernel import money
from mela.kernel.money import Paise
from mela.services.settlement.model import DEDUCTIONS, Amounts, Entry, PayoutState, Statement

WIDTH = 18
"""Of the column of amounts: `-₹99,99,99,999.99` fits."""


class Say(Protocol):
    """A text of the caller's language by its key, after `settlement.statement.`."""

    def __call__(self, key: str, /, **params: object) -> str: ...


def text(statement: Statement, say: Say, lang: str) -> str:
    """The whole statement, ending in a line break."""
    head = [say("title"), statement.seller_name, _day(statement.settled_on)]
    orders = [line for entry in statement.entries for line in ("", *_entry(entry, say))]
    total = ["", say("total"), *_amounts(statement.totals, say), "", *_outcome(statement, say, lang)]
    return "\n".join([*head, *orders, *total]) + "\n"


def _entry(entry: Entry, say: Say) -> Iterator[str]:
    yield say(entry.kind.value, order=entry.order_id, day=_day(entry.booked_on))
    for line in entry.lines:
        yield _row(line.amounts.gross, say("line", sku=line.sku, count=line.quantity))
    yield from _deductions(entry.amounts, say)


def _amounts(amounts: Amounts, say: Say) -> Iterator[str]:
    yield _row(amounts.gross, say("gross"))
    yield from _deductions(amounts, say)


def _deductions(amounts: Amounts, say: Say) -> Iterator[str]:
    """What was taken off, heads without an amount left out, and what remains."""
    for head in DEDUCTIONS:
        if taken := getattr(amounts, head):
            yield _row(Paise(-taken), say(head))
    yield _row(amounts.net, say("net"))


def _outcome(statement: Statement, say: Say, lang: str) -> Iterator[str]:
    if payout := statement.payout:
        key = "paid" if payout.state is PayoutState.PAID else "sending"
        yield say(key, amount=money.rupees(payout.amount), reference=payout.utr or payout.id)
        yield money.words(payout.amount, lang)
    if statement.carried_forward or not statement.payout:
        yield say("carried", amount=money.rupees(statement.carried_forward))


def _row(amount: Paise, label: str) -> str:
    return f"{money.rupees(amount):>{WIDTH}}  {label}"


def _day(day: date) -> str:
    return day.strftime("%d-%m-%Y")
