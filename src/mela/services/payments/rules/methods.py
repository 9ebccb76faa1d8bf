"""What a payment may be made with: banks, wallets and UPI collect by dated data, cards by token.

हिन्दी: किस माध्यम से भुगतान हो सकता है, और कौन-सा नियम किस तारीख़ से लागू है।
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mela.contracts.payments import Instrument, Method
from mela.kernel import cards
from mela.services.payments.model import CardToken

_FIELD = {"card": "card", "netbanking": "bank", "wallet": "wallet"}
"""The one thing that a method needs."""


@dataclass(frozen=True)
class Methods:
    """What is offered on a day. `collect`: whether this merchant may ask a typed UPI address to pay, `collect_ended` since when not."""

    banks: Mapping[str, str]
    wallets: Mapping[str, str]
    collect: bool
    collect_ended: date | None


def offered(document: Mapping[str, Any], day: date, merchant_category: str) -> Methods:
    """The methods of a day for a merchant of a category (MCC, ISO 18245)."""
    row = next(row for row in document["collect"] if _holds(row, day))
    may = row["merchants"] == "all" or merchant_category in row["merchants"]
    return Methods(
        document["banks"]["names"], document["wallets"]["names"], may, None if may else row["effective_from"]
    )


def fault(methods: Methods, method: Method, instrument: Instrument) -> str | None:
    """What of the instrument does not fit the method, None where all does. Whether a token is good only its network knows."""
    needed = _FIELD.get(method)
    for name, value in vars(instrument).items():
        if name == "vpa":
            if value is not None and method != "upi":
                return name
        elif (value is not None) != (name == needed):
            return name
    if method == "netbanking" and instrument.bank not in methods.banks:
        return "bank"
    if method == "wallet" and instrument.wallet not in methods.wallets:
        return "wallet"
    return None


def label(methods: Methods, instrument: Instrument) -> str | None:
    """What is paid with, as the payer knows it; a card is known once its network has told."""
    if instrument.bank is not None:
        return methods.banks[instrument.bank]
    if instrument.wallet is not None:
        return methods.wallets[instrument.wallet]
    return None


def card_fault(card: CardToken, day: date) -> str | None:
    """What is wrong with a card's token as its network told it, None where nothing is."""
    if not cards.luhn(card.token):
        return "token"
    month, year = int(card.expiry[:2]), 2000 + int(card.expiry[2:])
    if not 1 <= month <= 12 or (year, month) < (day.year, day.month):
        return "expiry"
    return None


def _holds(row: Mapping[str, Any], day: date) -> bool:
    return row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"])
