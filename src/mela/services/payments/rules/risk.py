"""Whether a payment may go on: rules over what is known of its payer, payees, device, place and amount.

A rule that holds gives its code and its verdict; the gravest verdict counts. What each rule looks for is told by its `kind`
(the functions in KINDS), how much of it by dated data (`data/risk.yaml`). Every decision says which rules held.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from mela.contracts.payments import PaymentState
from mela.kernel.money import Paise


class Verdict(StrEnum):
    """What becomes of a payment. REVIEW: it waits for a person, and lapses on its own clock when none comes."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


_GRAVITY = tuple(Verdict)


@dataclass(frozen=True)
class Attempt:
    """A payment about to be made. What is not known is None, and rules about it do not hold.

    `place`: State of delivery, by its GST code. `device`: a browser's random mark. `tier`: how well the payer is known (KYC).
    `likeness`: of the payer's name to the nearest on the screening list, 0 to 100; None where no list could be read.
    """

    payer: str
    amount: Paise
    method: str
    at: datetime
    payees: frozenset[str] = frozenset()
    device: str | None = None
    place: str | None = None
    tier: str = "none"
    likeness: float | None = 0.0


@dataclass(frozen=True)
class Past:
    """An earlier payment of the same payer or device."""

    at: datetime
    payer: str
    amount: Paise
    method: str
    state: PaymentState
    payees: frozenset[str]
    place: str | None


@dataclass(frozen=True)
class History:
    """Earlier payments, the newest first, as far back as the rules look."""

    payer: Sequence[Past] = ()
    device: Sequence[Past] = ()


@dataclass(frozen=True)
class Rule:
    """A row of the data. `above` is exceeded, not reached; amounts are paise. `methods`: empty for all."""

    code: str
    kind: str
    verdict: Verdict
    above: float
    within: timedelta
    of: str
    at_least: int
    from_paise: int
    tier: str | None
    methods: frozenset[str]
    about: str


@dataclass(frozen=True)
class Rules:
    """The rules of a day. Without a screening list, or in too little time, payments up to `open_up_to` pass and others wait."""

    rules: tuple[Rule, ...]
    open_up_to: Paise
    look_back: timedelta
    near: float
    """From this likeness on, of 100, a name is held to be one of the screening list's, perhaps."""


@dataclass(frozen=True)
class Decision:
    """A verdict with the codes of all rules that held, in the data's order."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


LISTED, LIKE_LISTED, UNAVAILABLE = "L01", "L02", "X01"
_ABOUT = {
    LISTED: "the payer's name is on the screening list",
    LIKE_LISTED: "the payer's name is like one on the screening list",
    UNAVAILABLE: "nobody could tell: no screening list, or too little time",
}
"""Codes that no rule has."""


def decide(rules: Rules, attempt: Attempt, history: History) -> Decision:
    """The decision on an attempt."""
    if attempt.likeness is None:
        return undecided(rules, attempt.amount)
    held = [
        (rule.code, rule.verdict)
        for rule in rules.rules
        if _applies(rule, attempt) and KINDS[rule.kind](rule, attempt, history)
    ]
    if attempt.likeness >= rules.near:
        held.append((LISTED, Verdict.BLOCK) if attempt.likeness >= 100 else (LIKE_LISTED, Verdict.REVIEW))
    gravest = max((verdict for _, verdict in held), key=_GRAVITY.index, default=Verdict.ALLOW)
    return Decision(gravest, tuple(code for code, _ in held))


def about(rules: Rules, code: str) -> str:
    """What a reason's code stands for; empty for one that is in force no more."""
    return _ABOUT.get(code) or next((rule.about for rule in rules.rules if rule.code == code), "")


def undecided(rules: Rules, amount: Paise) -> Decision:
    """What holds when nobody can tell: open for small amounts, closed for large ones."""
    return Decision(Verdict.ALLOW if amount <= rules.open_up_to else Verdict.REVIEW, (UNAVAILABLE,))


def _applies(rule: Rule, attempt: Attempt) -> bool:
    fits = not rule.methods or attempt.method in rule.methods
    return fits and rule.tier in (None, attempt.tier) and attempt.amount >= rule.from_paise


def _recent(rule: Rule, attempt: Attempt, history: History) -> Iterator[Past]:
    """The earlier payments that a rule counts."""
    past: Iterable[Past] = history.device if rule.of == "device" else history.payer
    return (
        each
        for each in past
        if attempt.at - rule.within <= each.at and (not rule.methods or each.method in rule.methods)
    )


def _count(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More payments than `above` within the time, this one among them."""
    return 1 + sum(1 for _ in _recent(rule, attempt, history)) > rule.above


def _sum(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More money than `above` paise within the time, this payment's among it. What failed does not count."""
    moved = sum(each.amount for each in _recent(rule, attempt, history) if each.state not in _CAME_TO_NOTHING)
    return attempt.amount + moved > rule.above


def _failures(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More failed payments than `above` within the time: somebody tries what works."""
    return sum(each.state is PaymentState.FAILED for each in _recent(rule, attempt, history)) > rule.above


def _new_payee(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More than `above` paise to somebody whom the payer has never paid."""
    paid = frozenset[str]().union(*(each.payees for each in history.payer if each.state is PaymentState.CAPTURED))
    return attempt.amount > rule.above and bool(attempt.payees - paid)


def _payers(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More payers than `above` from one device within the time."""
    return len({attempt.payer} | {each.payer for each in _recent(rule, attempt, history)}) > rule.above


def _places(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More places than `above` within the time."""
    places = {attempt.place} | {each.place for each in _recent(rule, attempt, history)}
    return len(places - {None}) > rule.above


def _amount(rule: Rule, attempt: Attempt, _history: History) -> bool:
    """More than `above` paise at once."""
    return attempt.amount > rule.above


def _times_usual(rule: Rule, attempt: Attempt, history: History) -> bool:
    """More than `above` times the payer's median, once there are `at_least` payments that came to an end well."""
    usual = [each.amount for each in _recent(rule, attempt, history) if each.state is PaymentState.CAPTURED]
    return len(usual) >= rule.at_least and attempt.amount > rule.above * statistics.median(usual)


_CAME_TO_NOTHING = frozenset({PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.CANCELLED})
KINDS: Mapping[str, Callable[[Rule, Attempt, History], bool]] = {
    "count": _count,
    "sum": _sum,
    "failures": _failures,
    "new_payee": _new_payee,
    "payers": _payers,
    "places": _places,
    "amount": _amount,
    "times_usual": _times_usual,
}
"""What a rule may look for."""


def in_force(rows: Sequence[Mapping[str, Any]], day: date) -> Rules:
    """The rules of a day. Raises: LookupError when there are none, ValueError for a row that is none."""
    for row in rows:
        if row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"]):
            rules = tuple(_rule(each) for each in row["rules"])
            longest = max((rule.within for rule in rules), default=timedelta(0))
            return Rules(rules, Paise(int(row["open_up_to_paise"])), longest, float(row["near"]))
    raise LookupError(f"no risk rules are in force on {day}")


_FIELDS = frozenset(
    {
        "code",
        "kind",
        "verdict",
        "above",
        "within_s",
        "of",
        "at_least",
        "from_paise",
        "tier",
        "methods",
        "about",
        "source",
        "mark",
    }
)


def _rule(row: Mapping[str, Any]) -> Rule:
    if unknown := set(row) - _FIELDS:
        raise ValueError(f"rule {row.get('code')}: unknown fields {sorted(unknown)}")
    if row["kind"] not in KINDS:
        raise ValueError(f"rule {row['code']}: unknown kind {row['kind']}; known are {', '.join(KINDS)}")
    return Rule(
        code=str(row["code"]), kind=row["kind"], verdict=Verdict(row["verdict"]), above=float(row["above"]),
        within=timedelta(seconds=float(row.get("within_s", 0))), of=row.get("of", "payer"), at_least=int(row.get("at_least", 0)),
        from_paise=int(row.get("from_paise", 0)), tier=row.get("tier"), methods=frozenset(row.get("methods", ())), about=str(row.get("about", "")),
    )  # fmt: skip
