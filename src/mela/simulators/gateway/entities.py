"""Rows as merchants see them, in answers and inside callbacks."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from mela.kernel import ids
from mela.simulators.gateway.states import CAPTURED

Fields = Mapping[str, Any]


def new_id(prefix: str) -> str:
    """An id of letters and digits only: it becomes `tr` of a UPI link."""
    return ids.new_id(prefix).replace("_", "")


def fields(row: Row[Any]) -> Fields:
    """A row by the names of its columns."""
    return dict(row._mapping)  # noqa: SLF001


def payment(row: Fields) -> dict[str, Any]:
    """A payment as merchants see it."""
    names = ("id", "reference", "status", "method", "refunded", "card", "bank", "vpa", "rrn", "error_code")
    amount = row["captured"] if row["status"] == CAPTURED else row["amount"]
    more = {"amount": amount, "currency": "INR", "created_at": int(row["created"].timestamp())}
    return {name: row[name] for name in names} | more


def refund(row: Fields) -> dict[str, Any]:
    """A refund as merchants see it."""
    names = ("id", "reference", "payment_id", "amount", "status")
    return {name: row[name] for name in names} | {"created_at": int(row["created"].timestamp())}


def dispute(row: Fields) -> dict[str, Any]:
    """A dispute as merchants see it."""
    names = ("id", "payment_id", "amount", "reason", "status")
    return {name: row[name] for name in names} | {
        "respond_by": int(row["respond_by"].timestamp()), "created_at": int(row["created"].timestamp()),
    }  # fmt: skip


def payout(row: Fields) -> dict[str, Any]:
    """A payout as merchants see it."""
    names = ("id", "reference", "amount", "status", "utr")
    return {name: row[name] for name in names} | {"created_at": int(row["created"].timestamp())}
