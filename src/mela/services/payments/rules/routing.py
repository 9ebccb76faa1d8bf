"""Which provider a payment goes to, and why: cost and live health, weighed in basis points of its amount.

    worth = answers x captures x (margin - cost) - seconds x impatience

`answers`: the share of requests that the provider answers at all; `captures`: the share of answered payments that are paid in
the end, leaving out those where the payer was the reason. Both fade by half in a few minutes, by provider, method and bank; a bank
that little is known of leans on the provider's method as a whole, and that on a hopeful start.

Outage: some requests in a row without an answer, or few answered for a while. Then nothing goes there for a pause, which
doubles when the next try fails too. Gradual return: after the pause a small share may go there, doubled by each answer.

हिन्दी: जो प्रदाता अभी ठीक चल रहा है, भुगतान वहीं जाता है; गिरा हुआ प्रदाता थोड़ा-थोड़ा करके लौटता है।
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from mela.kernel.money import Paise

Key = tuple[str, str, str | None]
"""Provider, method, bank; without a bank: the method as a whole."""


class Stage(StrEnum):
    """What is counted: whether the provider answers, and whether the payment is paid in the end."""

    ANSWERS = "answers"
    CAPTURES = "captures"


@dataclass(frozen=True)
class Policy:
    """How health is read and what things are worth. Shares 0 to 1, times in seconds, worth in basis points."""

    half_life_s: float
    lean_on: float
    hope: Mapping[str, float]
    margin_bp: float
    impatience_bp_per_s: float
    usual_ms: float
    out_after: int
    out_below: float
    out_weight: float
    pause_s: float
    longest_pause_s: float
    first_share: float
    explore: float
    payer_codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a provider takes for a payment by a method."""

    basis_points: float
    fixed: Paise

    def bp(self, amount: Paise) -> float:
        """In basis points of an amount."""
        return self.basis_points + 10_000 * self.fixed / max(amount, 1)


@dataclass(frozen=True, slots=True)
class Health:
    """How it has gone lately: faded numbers of good and bad, faded waiting; `at` in seconds since 1970.

    `share`: which part of the payments may go there; `out_until`: none before; `pause_s`: how long that was.
    """

    good: float = 0.0
    bad: float = 0.0
    waited_ms: float = 0.0
    waits: float = 0.0
    at: float = 0.0
    in_a_row: int = 0
    share: float = 1.0
    out_until: float = 0.0
    pause_s: float = 0.0

    def left(self, now: float, half_life_s: float) -> float:
        """How much of it still counts."""
        return math.pow(0.5, max(0.0, now - self.at) / half_life_s)

    def faded(self, now: float, half_life_s: float) -> "Health":
        """As much of it as still counts."""
        left = self.left(now, half_life_s)
        return Health(self.good * left, self.bad * left, self.waited_ms * left, self.waits * left, max(now, self.at),
                      self.in_a_row, self.share, self.out_until, self.pause_s)  # fmt: skip

    def may_take(self, draw: float, now: float) -> bool:
        """Whether a payment with this draw, 0 to 1, may go there."""
        return now >= self.out_until and draw < self.share


_FRESH = Health()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider as it is weighed for a payment. `why`: in words."""

    provider: str
    answers: float
    captures: float
    cost_bp: float
    wait_ms: float
    worth_bp: float
    takes: bool
    why: str


@dataclass
class Board:
    """What is known of all providers, and the choice among them."""

    policy: Policy
    tariffs: Mapping[tuple[str, str], Tariff]
    known: dict[tuple[Stage, Key], Health] = field(default_factory=dict)

    def note(
        self,
        stage: Stage,
        provider: str,
        method: str,
        *,
        bank: str | None = None,
        good: bool,
        now: float,
        ms: float | None = None,
    ) -> None:
        """Count an outcome, for the bank and for the method as a whole."""
        for key in dict.fromkeys(((provider, method, bank), (provider, method, None))):
            before = self.known.get((stage, key), Health(at=now)).faded(now, self.policy.half_life_s)
            self.known[stage, key] = _after(self.policy, before, stage, good=good, now=now, ms=ms)

    def choose(
        self, providers: Iterable[str], *, method: str, amount: Paise, now: float, token: str, bank: str | None = None
    ) -> list[Candidate]:
        """The providers, best first; those that take nothing now come last. `token` decides what chance decides."""
        found = [self._weigh(provider, method, bank, amount, now, draw(token, provider)) for provider in providers]
        found.sort(key=lambda each: (not each.takes, -each.worth_bp))
        takers = [each for each in found if each.takes]
        if len(takers) > 1 and draw(token, "explore") < self.policy.explore:
            tried = takers[1 + int(draw(token, "which") * (len(takers) - 1))]
            rest = [each for each in found if each is not tried]
            return [replace(tried, why=f"{tried.why}; tried to see how it does"), *rest]
        return found

    def _weigh(
        self, provider: str, method: str, bank: str | None, amount: Paise, now: float, drawn: float
    ) -> Candidate:
        policy = self.policy
        answers, captures = (self._rate(stage, provider, method, bank, now) for stage in Stage)
        health = self._health(provider, method, bank, now)
        tariff = self.tariffs.get((provider, method))
        cost = tariff.bp(amount) if tariff else 0.0
        left = health.left(now, policy.half_life_s)
        wait = (health.waited_ms * left + policy.usual_ms * policy.lean_on) / (health.waits * left + policy.lean_on)
        worth = answers * captures * (policy.margin_bp - cost) - wait / 1000 * policy.impatience_bp_per_s
        takes = tariff is not None and health.may_take(drawn, now)
        return Candidate(provider, answers, captures, cost, wait, worth, takes, _why(tariff, health, now, takes=takes))

    def _rate(self, stage: Stage, provider: str, method: str, bank: str | None, now: float) -> float:
        """The share that went well, leaning on what is known more widely as if that had been seen some times."""
        rate, lean = self.policy.hope[stage], self.policy.lean_on
        for key in (None, bank)[: 1 if bank is None else 2]:
            if (health := self.known.get((stage, (provider, method, key)))) is not None:
                left = health.left(now, self.policy.half_life_s)
                rate = (health.good * left + rate * lean) / ((health.good + health.bad) * left + lean)
        return rate

    def _health(self, provider: str, method: str, bank: str | None, now: float) -> Health:
        """Whether it answers, for the bank, unless the whole method is out."""
        whole = self.known.get((Stage.ANSWERS, (provider, method, None)), _FRESH)
        of_bank = self.known.get((Stage.ANSWERS, (provider, method, bank)), whole)
        return of_bank if whole.share == 1.0 and now >= whole.out_until else whole


def draw(token: str, *parts: str) -> float:
    """A number in [0, 1) that depends on these texts only."""
    return int.from_bytes(hashlib.sha256("|".join((token, *parts)).encode()).digest()[:6]) / 2**48


def policy(document: Mapping[str, Any], day: date) -> Policy:
    """The policy in force on a day. Raises: LookupError where there is none."""
    row = dict(_in_force(document["policies"], day))
    for name in ("effective_from", "effective_to", "source", "mark"):
        row.pop(name)
    return Policy(**row | {"payer_codes": frozenset(row["payer_codes"])})


def tariffs(document: Mapping[str, Any], day: date) -> dict[tuple[str, str], Tariff]:
    """What providers take on a day, by provider and method."""
    rows = [row for row in document["tariffs"] if _holds(row, day)]
    return {(row["provider"], row["method"]): Tariff(row["basis_points"], Paise(row["fixed_paise"])) for row in rows}


def _after(policy: Policy, before: Health, stage: Stage, *, good: bool, now: float, ms: float | None) -> Health:
    waits = {} if ms is None else {"waited_ms": before.waited_ms + ms, "waits": before.waits + 1}
    if good:
        share = min(1.0, before.share * 2)
        return replace(
            before, good=before.good + 1, in_a_row=0, share=share, pause_s=before.pause_s if share < 1 else 0.0, **waits
        )
    counted = replace(before, bad=before.bad + 1, in_a_row=before.in_a_row + 1, **waits)
    return _out(policy, counted, now) if stage is Stage.ANSWERS and _is_out(policy, counted, now) else counted


def _is_out(policy: Policy, health: Health, now: float) -> bool:
    seen = health.good + health.bad
    few = seen >= policy.out_weight and health.good < policy.out_below * seen
    return now >= health.out_until and (health.in_a_row >= policy.out_after or few or health.share < 1)


def _out(policy: Policy, health: Health, now: float) -> Health:
    """Nothing goes there for a pause; what was known is forgotten, since it will be different after."""
    pause = min(health.pause_s * 2 or policy.pause_s, policy.longest_pause_s)
    return Health(at=now, share=policy.first_share, out_until=now + pause, pause_s=pause)


def _why(tariff: Tariff | None, health: Health, now: float, *, takes: bool) -> str:
    if tariff is None:
        return "does not offer this method"
    if now < health.out_until:
        return f"out: next try in {health.out_until - now:.0f} s"
    if health.share < 1:
        return f"coming back: {health.share:.0%} of payments" + ("" if takes else ", not this one")
    return "in service"


def _holds(row: Mapping[str, Any], day: date) -> bool:
    return row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"])


def _in_force(rows: Sequence[Mapping[str, Any]], day: date) -> Mapping[str, Any]:
    for row in rows:
        if _holds(row, day):
            return row
    raise LookupError(f"no routing policy is in force on {day}")
