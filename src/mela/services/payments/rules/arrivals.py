"""A provider's settlement held against what it has for us: what can come out, and into which accounts its money comes.

settled          the same movement, the same amount, the fee of its price list to a paisa
not_settled_yet  ours, in no settlement, and there is still time
overdue          ours, in no settlement, and its time is over
settled_short    the same movement, with less
settled_over     the same movement, with more
fee_differs      another fee than the price list says, or another tax on it, by more than a paisa
repeated_there   settled more than once
missing_here     settled, and our ledger does not have it

हिन्दी: गेटवे से बैंक में जितना आया, उसकी हर पंक्ति किसी भुगतान से जुड़ती है; जो नहीं जुड़ती, उसे कोई व्यक्ति देखता है।
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger
from mela.services.payments.rules.reconciliation import SUSPENSE

BANK, ROUNDING, TAX_ON_FEES = "bank", "rounding", "gst:input"


class Outcome(StrEnum):
    """What became of one movement in a settlement."""

    SETTLED = "settled"
    NOT_SETTLED_YET = "not_settled_yet"
    OVERDUE = "overdue"
    SETTLED_SHORT = "settled_short"
    SETTLED_OVER = "settled_over"
    FEE_DIFFERS = "fee_differs"
    REPEATED_THERE = "repeated_there"
    MISSING_HERE = "missing_here"


HARMLESS = frozenset({Outcome.SETTLED, Outcome.NOT_SETTLED_YET})
KNOWN = (Outcome.SETTLED, Outcome.SETTLED_SHORT, Outcome.SETTLED_OVER, Outcome.FEE_DIFFERS)
"""Movements of ours that a settlement has paid, whatever else is wrong with it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One settlement, summed up, in paise. `net`: what came to the bank, for all of its `items`.

    Of the movements that are ours: `held`, what the provider had for us (collected less refunded, at most what we know);
    `fee` and `tax`, what it kept; `fee_due`, what its price list says where that differs by rounding only.
    """

    settlement: str
    utr: str
    items: int
    net: Paise
    held: Paise
    fee: Paise
    fee_due: Paise
    tax: Paise


@dataclass(frozen=True, slots=True)
class Break:
    """A movement that a person has to look at. `theirs`, `ours`: gross; `fee`, `fee_due`: kept, and by the price list."""

    outcome: Outcome
    kind: str
    reference: str
    utr: str | None
    theirs: Paise | None
    ours: Paise | None
    net: Paise | None
    fee: Paise | None
    fee_due: Paise | None


def transfers(provider: str, arrival: Arrival) -> list[Transfer]:
    """The entries of a settlement: the bank and the fees out of what the provider held; what is not ours waits in suspense."""
    place, ours = ledger.place(provider), arrival.held - arrival.fee - arrival.tax
    parts = [
        (BANK, place, ours, "provider_settlement"),
        (f"provider_fees:{provider}", place, arrival.fee_due, "provider_fee"),
        (ROUNDING, place, arrival.fee - arrival.fee_due, "rounding"),
        (TAX_ON_FEES, place, arrival.tax, "provider_fee_gst"),
        (BANK, SUSPENSE, arrival.net - ours, "provider_settlement"),
    ]
    return [ledger.moved(debit, credit, Paise(amount), kind) for debit, credit, amount, kind in parts if amount]


def proposed(provider: str, found: Break) -> Mapping[str, Any]:
    """The entry that would mend a break; a person decides. Nothing where only the provider can."""
    place, signed = ledger.place(provider), 1 if found.kind == "collected" else -1
    much: dict[Outcome, tuple[str, str, int]] = {
        Outcome.MISSING_HERE: (SUSPENSE, place, found.net or 0),
        Outcome.REPEATED_THERE: (SUSPENSE, BANK, found.net or 0),
        Outcome.SETTLED_OVER: (SUSPENSE, BANK, signed * ((found.theirs or 0) - (found.ours or 0))),
        Outcome.SETTLED_SHORT: (SUSPENSE, place, signed * ((found.ours or 0) - (found.theirs or 0))),
        Outcome.FEE_DIFFERS: (place, f"provider_fees:{provider}", (found.fee or 0) - (found.fee_due or 0)),
    }
    debit, credit, amount = much.get(found.outcome, ("", "", 0))
    if not amount:
        return {}
    entry = ledger.moved(debit, credit, Paise(amount), "reconciliation")
    return {"debit": entry.debit, "credit": entry.credit, "amount": entry.amount, "kind": entry.kind}
