"""What a sale leaves its seller, and what a reversal takes back. Whole paise, halves away from zero.

Each deduction is computed line by line, so that a statement adds up as it is read. A reversal takes back of each
deduction what has fallen due so far, less what earlier reversals took: however a line comes back in parts, all parts
together are the sale with its signs turned, in every head.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from mela.contracts.orders import SoldLine
from mela.contracts.payments import Transfer
from mela.kernel import money
from mela.kernel.errors import Rejected
from mela.kernel.money import Paise
from mela.kernel.money.arithmetic import half_up
from mela.services.settlement.model import DEDUCTIONS, HEADS, Amounts, EntryKind, EntryLine
from mela.services.settlement.rules import rates as dated
from mela.services.settlement.rules.rates import Rates

SENDING = "payouts:sending"
ACCOUNTS = {"commission": "commission", "commission_gst": "gst:output", "tcs": "tcs:payable", "tds": "tds:payable"}
"""The ledger account that each deduction is owed to or earned by."""


class ReversalTooLarge(Rejected):
    """More of a line came back than was sold, or it was never sold. Params: sku, left (paise)."""

    code = "settlement.reversal_too_large"


def sale_line(line: SoldLine, on: date, rates: Rates) -> EntryLine:
    """A sold line with what is deducted from it. Raises: NoRate.

    Commission is on gross, GST on the commission, TCS on the taxable value, TDS on gross. A line without tax counts as
    nil-rated: TCS is on the net value of taxable supplies only (CGST Act s. 52, that nil-rated is exempt: UNVERIFIED).
    """
    commission = money.percent(line.gross, dated.rate(rates, f"{dated.COMMISSION}:{line.category}", on))
    commission_gst = money.percent(commission, dated.rate(rates, dated.COMMISSION_GST, on))
    tcs = money.percent(line.taxable if line.tax else Paise(0), dated.rate(rates, dated.TCS, on))
    tds = money.percent(line.gross, dated.rate(rates, dated.TDS, on))
    return _line(line, +1, commission=commission, commission_gst=commission_gst, tcs=tcs, tds=tds)


def reversal_line(sold: EntryLine, gross_before: Paise, part: SoldLine) -> EntryLine:
    """What the next part of a sold line takes back, after parts of `gross_before` paise in all. Raises: ReversalTooLarge."""
    whole, before, after = sold.amounts.gross, gross_before, gross_before + part.gross
    if after > whole:
        raise ReversalTooLarge(sku=part.sku, left=whole - before)
    taken = {head: _due(sold, head, after) - _due(sold, head, before) for head in DEDUCTIONS}
    return _line(part, -1, **taken)


def total(parts: Iterable[Amounts]) -> Amounts:
    """The sum under each head."""
    rows = list(parts)
    return Amounts(**{head: Paise(sum(getattr(row, head) for row in rows)) for head in HEADS})


def transfers(seller_id: str, kind: EntryKind, amounts: Amounts) -> list[Transfer]:
    """The ledger's transfers of an entry: out of escrow to the seller and to each deduction's account, or back.

    Of a payment by the merchant API the ledger has the money in the merchant's account already: the fee goes from there.
    """
    account, owed = seller(seller_id), [(ACCOUNTS[head], getattr(amounts, head)) for head in DEDUCTIONS]
    if kind in (EntryKind.SALE, EntryKind.REVERSAL):
        shares = [(account, amounts.net), *owed]
        return [_moved("escrow", to, amount, kind.value) for to, amount in shares if amount]
    return [_moved(account, to, amount, "merchant_fee") for to, amount in owed if amount]


def seller(seller_id: str) -> str:
    """The ledger's account of what a seller or merchant has coming."""
    return f"seller:{seller_id}"


def reserved(seller_id: str, amount: Paise) -> list[Transfer]:
    """A payout before the bank is asked: out of what the seller has coming, which the ledger refuses where it is held."""
    return [Transfer(seller(seller_id), SENDING, amount, "payout")]


def paid_out(amount: Paise) -> list[Transfer]:
    """A payout that the bank has made."""
    return [Transfer(SENDING, "bank", amount, "payout_sent")]


def beside(due: Sequence[tuple[str, int]], most: int) -> tuple[list[str], int]:
    """Of the entries due (id and net) all that are owed to us, and the oldest that fit beside them into `most`; with their sum."""
    chosen, amount = {name for name, net in due if net <= 0}, sum(net for _, net in due if net <= 0)
    for name, net in due:
        if net > 0 and amount + net <= most:
            chosen.add(name)
            amount += net
    return [name for name, _ in due if name in chosen], amount


def _moved(debit: str, credit: str, amount: Paise, kind: str) -> Transfer:
    """A transfer's amount is above zero: a negative one goes the other way."""
    return Transfer(debit, credit, amount, kind) if amount > 0 else Transfer(credit, debit, Paise(-amount), kind)


def _due(sold: EntryLine, head: str, gross: int) -> int:
    """A sold line's share under a head of the first `gross` paise that come back."""
    return half_up(getattr(sold.amounts, head) * gross, sold.amounts.gross) if sold.amounts.gross else 0


def _line(line: SoldLine, sign: int, **deductions: int) -> EntryLine:
    heads: dict[str, Any] = {"gross": line.gross, "taxable": line.taxable, "tax": line.tax, **deductions}
    heads["net"] = line.gross - sum(deductions.values())
    amounts = Amounts(**{head: Paise(sign * amount) for head, amount in heads.items()})
    return EntryLine(line.sku, line.category, line.quantity, amounts)
