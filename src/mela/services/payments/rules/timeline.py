"""A payment's life as one line of time: what happened, who did it, and why, for whoever has to understand it at night."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mela.kernel.clock import india
from mela.kernel.money import Paise, rupees
from mela.services.payments.model import TEST

Kind = Literal["created", "risk", "routed", "callback", "moved", "ledger", "capture", "refund", "case"]
_ORDER: tuple[Kind, ...] = ("created", "risk", "routed", "capture", "refund", "callback", "moved", "ledger", "case")
"""What comes first of one moment: its cause."""
BY = {
    "order": "order", "payer": "payer", "gateway_callback": "callback", "status_check": "status check", "clock": "clock",
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """Something that happened. `about`: the id of what it happened to, where that is not the payment."""

    at: datetime
    kind: Kind
    by: str
    text: str
    about: str | None = None


def moments(
    payment: Any, *, attempt: Any | None, captures: Sequence[Any], refunds: Sequence[Any], transfers: Sequence[Any], callbacks: Sequence[Any],
    cases: Sequence[Any], meanings: Mapping[str, str], rule: Callable[[str], str],
) -> list[Moment]:  # fmt: skip
    """In the order of time. Rows as the store has them; `meanings`: of reasons and codes; `rule`: what a risk rule looks for."""
    found = [
        _created(payment), *_judged(attempt, rule), *_routed(payment), *_moves(payment, meanings),
        *(_callback(row, payment.id) for row in callbacks), *map(_capture, captures), *map(_refund, refunds), *map(_entry, transfers),
        *(moment for row in cases for moment in _case(row)),
    ]  # fmt: skip
    return sorted(found, key=lambda moment: (moment.at, _ORDER.index(moment.kind)))


def explain(reason: str, meanings: Mapping[str, str]) -> str:
    """A reason with its meaning behind it, where it has one."""
    return f"{reason} ({meanings[reason]})" if reason in meanings else reason


def outlook(payment: Any) -> str | None:
    """What happens next by itself, None where nothing does."""
    if payment.due is None:
        return None
    tries = f", after {payment.tries} requests without an answer" if payment.tries else ""
    return f"{payment.provider} is asked again at {india(payment.due):%H:%M:%S}{tries}"


def _created(payment: Any) -> Moment:
    until = f", payable until {india(payment.expires):%H:%M:%S}" if payment.expires else ""
    means = f" ({payment.paid_with})" if payment.paid_with else ""
    test = "TEST, no money moves: " if payment.provider == TEST else ""
    what = f"{payment.merchant_id}'s {payment.reference}" if payment.merchant_id else payment.order_id
    text = f"{test}{payment.method}{means}, {rupees(payment.amount)}, for {what}{until}"
    return Moment(payment.created, "created", "API" if payment.merchant_id else "order", text)


def _judged(attempt: Any | None, rule: Callable[[str], str]) -> Iterator[Moment]:
    if attempt is None:
        return
    if attempt.verdict is None:
        yield Moment(attempt.at, "risk", "rules", "no fraud rule holds")
        return
    by = "rules" if attempt.by == "rules" else attempt.by
    reasons = "; ".join(f"{code} {rule(code)}" for code in attempt.reasons)
    note = f", “{attempt.note}”" if attempt.note else ""
    yield Moment(attempt.decided, "risk", by, f"{attempt.verdict}: {reasons}{note}")


def _routed(payment: Any) -> Iterator[Moment]:
    weighed = payment.route or []
    if weighed:
        first, *others = weighed
        rest = "; ".join(f"{each['provider']}: {each['why']}, {each['worth_bp']:.0f} bp" for each in others)
        text = (
            f"to {first['provider']}: {first['why']}, worth {first['worth_bp']:.0f} bp (answers {first['answers']:.1%}, "
            f"captures {first['captures']:.1%}, costs {first['cost_bp']:.1f} bp, waits {first['wait_ms']:.0f} ms)"
        )
        yield Moment(payment.created, "routed", "routing", text + (f"; not {rest}" if rest else ""))
    elif payment.provider == TEST:
        yield Moment(payment.created, "routed", "routing", "to the bank of test mode")
    elif payment.provider is not None:
        yield Moment(payment.created, "routed", "routing", f"to {payment.provider}, the only provider")


def _moves(payment: Any, meanings: Mapping[str, str]) -> Iterator[Moment]:
    for step in payment.history:
        stays = step["from"] == step["to"]
        text = step["to"] if stays else f"{step['from']} → {step['to']}"
        if step["to"] == "captured" and not stays and payment.rrn:
            text += f", RRN {payment.rrn}"
        if step["to"] == "pending" and not step["reason"]:
            text += ", the payer can pay"
        if step["reason"]:
            text += f": {explain(step['reason'], meanings)}"
        yield Moment(datetime.fromisoformat(step["at"]), "moved", BY.get(step["actor"], step["actor"]), text)


def _callback(row: Any, payment_id: str) -> Moment:
    return Moment(
        row.received, "callback", "provider", f"{row.name}, event {row.event_id}", row.about if row.about != payment_id else None
    )  # fmt: skip


def _capture(row: Any) -> Moment:
    left = ", the rest is let go" if row.final else ""
    return Moment(row.created, "capture", "order", f"{rupees(row.amount)} to be taken{left}; {row.state}", row.id)


def _refund(row: Any) -> Moment:
    return Moment(row.created, "refund", "order", f"{rupees(row.amount)}: {row.reason}; {row.state}", row.id)


def _entry(row: Any) -> Moment:
    amount = rupees(Paise(row.amount))
    return Moment(row.at, "ledger", "ledger", f"{row.kind}: {amount} from {row.credit} to {row.debit}", str(row.id))


def _case(row: Any) -> Iterator[Moment]:
    about = ", ".join(f"{name} {value}" for name, value in row.detail.items())
    yield Moment(row.opened, "case", "duty", f"opened: {row.kind}" + (f" ({about})" if about else ""), row.id)
    if row.closed is not None:
        yield Moment(row.closed, "case", row.actor, f"closed: {row.resolution} {row.note}".strip(), row.id)
