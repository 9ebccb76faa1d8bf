"""Which accounts money moves between.

A transfer moves `amount` from its credit side to its debit side, so the books balance by construction. An account's balance
is its debits less its credits: `gateway:upi` (what the gateway holds for us) is positive, `escrow` (what we hold for others)
negative.

    captured, online gateway:…         <- escrow          refund asked       escrow           <- refunds:pending
    captured, cash   cash:in_transit   <- escrow          refund processed   refunds:pending  <- where the money was
                                                          refund refused     refunds:pending  <- escrow

Of a payment that a merchant began by the API the money is that merchant's at once: `seller:…` in the place of `escrow`, and
settlement takes its fee from there. What came too late, and goes back, is in escrow as ever.

    settled by a provider    bank, provider_fees:…, gst:input  <- gateway:…
    held, released           seller:… <-> held:…
    disputed                 chargebacks:disputed <- gateway:…;  won: back;  lost: seller:… or chargebacks:lost
                             while it is open, seller:… -> held:… as well, as far as there is something
    paid out (settlement)    seller:…  <- payouts:sending, before the bank is asked;  payouts:sending <- bank, after

Payments of test mode have accounts of their own, `test:…`, in which no money is.
"""

import re

from mela.contracts.payments import Transfer
from mela.kernel.errors import Rejected
from mela.kernel.money import Paise
from mela.services.payments.model import TEST

ESCROW, REFUNDS = "escrow", "refunds:pending"
DISPUTED, LOSSES = "chargebacks:disputed", "chargebacks:lost"
_CASH, _FIRST = "cash:in_transit", "gateway:upi"
AT_GATEWAY = {"collected": ("capture", "late_capture"), "refunded": ("refund_processed",)}
"""Our kinds of transfer that must agree with a provider's books, by its own kinds."""
ACCOUNT = re.compile(r"[a-z][a-z_]{0,39}(:[A-Za-z0-9_-]{1,60}){0,2}", re.ASCII)
KIND = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
OWN = frozenset({
    "capture", "late_capture", "refund", "merchant_refund", "refund_processed", "refund_failed", "cash_handed_in", "cash_short",
    "hold", "release", "chargeback", "chargeback_won", "chargeback_lost", "merchant_chargeback", "provider_settlement",
    "provider_fee", "provider_fee_gst", "rounding", "reconciliation",
})  # fmt: skip
"""Kinds that payments alone enters, in the unit in which what they tell of happens."""
LARGEST = 10**15
"""Ten lakh crore rupees in paise: beyond it, it is a mistake. Sums stay far below 2**63."""
MOST = 500
"""Transfers under one key."""


def place(provider: str | None) -> str:
    """The account of the money that a provider holds for us; None: of the cash that couriers have."""
    if provider is None:
        return _CASH
    if provider == TEST:
        return "test:gateway"
    return _FIRST if provider == "gateway" else f"gateway:{provider}"


def capture(provider: str | None, amount: Paise, merchant: str | None = None, *, late: bool = False) -> Transfer:
    """The payer's money is ours to hold, or a `merchant`'s; `late`: only to be sent back."""
    return Transfer(place(provider), _whose(provider, merchant), amount, "late_capture" if late else "capture")


def handed_in(courier: str, amount: Paise, expected: Paise) -> list[Transfer]:
    """Cash that a courier has taken to the bank; what is short of what it collected it owes."""
    both = ("bank", amount, "cash_handed_in"), (f"courier:{courier}", Paise(expected - amount), "cash_short")
    return [Transfer(to, _CASH, much, kind) for to, much, kind in both if much]


def seller(seller_id: str) -> str:
    """The account of what a seller has coming."""
    return f"seller:{seller_id}"


def seller_of(account: str) -> str | None:
    """Whose account that is of what a seller has coming; None for any other."""
    name, _, seller_id = account.partition(":")
    return seller_id if name == "seller" else None


def held(seller_id: str) -> str:
    """The account of what is kept back from a seller."""
    return f"held:{seller_id}"


def hold(seller_id: str, amount: Paise) -> Transfer:
    """Kept back from a seller; the ledger refuses more than the seller has coming."""
    return Transfer(seller(seller_id), held(seller_id), amount, "hold")


def release(seller_id: str, amount: Paise) -> Transfer:
    """The seller's again."""
    return Transfer(held(seller_id), seller(seller_id), amount, "release")


def dispute_opened(provider: str | None, amount: Paise) -> Transfer:
    """The payer's bank has taken it back out of what the provider holds for us."""
    return Transfer(DISPUTED, place(provider), amount, "chargeback")


def dispute_won(provider: str | None, amount: Paise) -> Transfer:
    """With the provider again."""
    return Transfer(place(provider), DISPUTED, amount, "chargeback_won")


def dispute_lost(bearer: str, amount: Paise, *, booked: bool = False) -> Transfer:
    """Gone: borne by a seller, out of what that seller has coming, or by the platform.

    `booked`: settlement takes it off a merchant's next payouts, so it is not withheld as well.
    """
    return Transfer(bearer, DISPUTED, amount, "merchant_chargeback" if booked else "chargeback_lost")


def refund_asked(provider: str | None, amount: Paise, merchant: str | None = None) -> Transfer:
    """Held no longer, but not with the payer yet."""
    kind = "refund" if merchant is None else "merchant_refund"
    return Transfer(_whose(provider, merchant), _of(REFUNDS, provider), amount, kind)


def refund_processed(provider: str | None, amount: Paise) -> Transfer:
    """With the payer again. Cash goes back by the courier who fetches the goods."""
    return Transfer(_of(REFUNDS, provider), place(provider), amount, "refund_processed")


def refund_failed(provider: str | None, amount: Paise, merchant: str | None = None) -> Transfer:
    """Refused by the gateway: held again, a person decides."""
    return Transfer(_of(REFUNDS, provider), _whose(provider, merchant), amount, "refund_failed")


def _whose(provider: str | None, merchant: str | None) -> str:
    """The account of money that we hold: of no merchant's in escrow."""
    return _of(ESCROW if merchant is None else seller(merchant), provider)


def _of(account: str, provider: str | None) -> str:
    """An account of ours, or its likeness in test mode."""
    return f"test:{account}" if provider == TEST else account


def moved(debit: str, credit: str, amount: Paise, kind: str) -> Transfer:
    """A transfer of an amount that may be below zero: then it goes the other way."""
    return Transfer(debit, credit, amount, kind) if amount > 0 else Transfer(credit, debit, Paise(-amount), kind)


def fault(transfers: list[Transfer]) -> str | None:
    """What is wrong with transfers that another service wants to enter, None when nothing is."""
    if not 1 <= len(transfers) <= MOST:
        return "count"
    for transfer in transfers:
        if not (ACCOUNT.fullmatch(transfer.debit) and ACCOUNT.fullmatch(transfer.credit)):
            return "account"
        if transfer.debit == transfer.credit:
            return "same_account"
        if not KIND.fullmatch(transfer.kind):
            return "kind"
        if not 0 < transfer.amount <= LARGEST:
            return "amount"
    return None


class KindReserved(Rejected):
    """Payments enters transfers of this kind itself, when they happen. Params: kind."""

    code = "payments.kind_reserved"


def check_posted(transfers: list[Transfer]) -> None:
    """Whether another service may enter these. Raises: Rejected, KindReserved."""
    if (what := fault(transfers)) is not None:
        raise Rejected("payments.invalid_transfer", what=what)
    for transfer in transfers:
        if transfer.kind in OWN:
            raise KindReserved(kind=transfer.kind)


def balance(account: str, transfers: list[Transfer]) -> Paise:
    """Debits less credits of an account."""
    debits = sum(t.amount for t in transfers if t.debit == account)
    return Paise(debits - sum(t.amount for t in transfers if t.credit == account))
