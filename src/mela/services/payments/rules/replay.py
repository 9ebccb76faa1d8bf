"""A day of payments replayed under routing policies: what each would have earned, against one that knows the state of things.

Every payment has one fate at each provider, drawn in advance, so policies differ by their choices only. A provider that is down
takes the payment's time and answers nothing: what is not answered is lost here, since nobody may charge elsewhere then.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mela.kernel.money import Paise
from mela.services.payments.rules import routing
from mela.services.payments.rules.routing import Board, Stage, draw


@dataclass(frozen=True, slots=True)
class Sale:
    """A payment that somebody wants to make, `at` seconds into the day."""

    id: str
    at: float
    bank: str
    amount: Paise


@dataclass(frozen=True, slots=True)
class Spell:
    """How a provider does for a while, for one bank or all (None). `answers` and `captures` are shares."""

    provider: str
    start: float
    end: float
    answers: float
    captures: float
    ms: float
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """Sales and spells; where several spells hold, the last one."""

    providers: tuple[str, ...]
    sales: Sequence[Sale]
    spells: Sequence[Spell]
    timeout_ms: float

    def spell(self, provider: str, bank: str, at: float) -> Spell:
        """How a provider does at a moment. Raises: LookupError where the day does not say."""
        for spell in reversed(self.spells):
            if spell.provider == provider and spell.start <= at < spell.end and spell.bank in (None, bank):
                return spell
        raise LookupError(f"nothing is said of {provider} at {at}")


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to a sale at a provider."""

    answered: bool
    captured: bool
    ms: float


@dataclass
class Tally:
    """How a policy did."""

    sales: int = 0
    captured: int = 0
    amount: int = 0
    cost: float = 0.0
    waits_ms: list[float] = field(default_factory=list)

    @property
    def success(self) -> float:
        """Share of the sales that were paid."""
        return self.captured / self.sales

    @property
    def cost_bp(self) -> float:
        """What providers took, in basis points of what was paid."""
        return 10_000 * self.cost / self.amount if self.amount else 0.0

    def wait_ms(self, share: float) -> float:
        """So long, or less, waited this share of the payers."""
        return sorted(self.waits_ms)[int(share * (len(self.waits_ms) - 1))]


Choose = Callable[[Sale], str]
Learn = Callable[[Sale, str, Fate], None]


def fate(day: Day, sale: Sale, provider: str) -> Fate:
    """What would happen there, whoever sends it."""
    spell = day.spell(provider, sale.bank, sale.at)
    answered = draw(sale.id, provider, "answers") < spell.answers
    captured = answered and draw(sale.id, provider, "captures") < spell.captures
    return Fate(answered, captured, spell.ms * (0.5 + draw(sale.id, provider, "ms")) if answered else day.timeout_ms)


def play(
    day: Day, tariffs: Mapping[tuple[str, str], routing.Tariff], choose: Choose, learn: Learn | None = None
) -> Tally:
    """Go through the day. `learn` hears of each outcome, in the order in which outcomes become known."""
    tally, unheard = Tally(), list[tuple[float, int, Sale, str, Fate]]()
    for number, sale in enumerate(day.sales):
        while learn and unheard and unheard[0][0] <= sale.at:
            learn(*heapq.heappop(unheard)[2:])
        provider = choose(sale)
        met = fate(day, sale, provider)
        heapq.heappush(unheard, (sale.at + met.ms / 1000, number, sale, provider, met))
        tally.sales += 1
        tally.waits_ms.append(met.ms)
        if met.captured:
            tally.captured += 1
            tally.amount += sale.amount
            tally.cost += sale.amount * tariffs[provider, "upi"].bp(sale.amount) / 10_000
    return tally


def policies(day: Day, board: Board) -> Iterator[tuple[str, Tally]]:
    """Static, round robin, ours, and the oracle, each over the same day."""
    turns = {sale.id: day.providers[n % len(day.providers)] for n, sale in enumerate(day.sales)}
    yield "static", play(day, board.tariffs, lambda _: day.providers[0])
    yield "round robin", play(day, board.tariffs, lambda sale: turns[sale.id])
    yield "ours", play(day, board.tariffs, lambda sale: _ours(day, board, sale), lambda *told: _learn(board, *told))
    yield (
        "oracle",
        play(day, board.tariffs, lambda sale: max(day.providers, key=lambda name: _worth(day, board, sale, name))),
    )


def within(day: Day, start: float, end: float) -> Day:
    """The part of a day between two moments."""
    return replace(day, sales=[sale for sale in day.sales if start <= sale.at < end])


def day(document: Mapping[str, Any], *, seed: int = 0) -> Day:
    """A day from its file: sales spread by hour, banks by their shares, spells as written."""
    banks, hours = document["banks"], document["sales_by_hour"]
    sales = [
        _sale(f"{seed}-{hour}-{n}", hour * 3600 + 3600 * n / count, banks)
        for hour, count in enumerate(hours)
        for n in range(count)
    ]
    spells = [Spell(**row) for row in document["spells"]]
    return Day(tuple(document["providers"]), sales, spells, document["timeout_ms"])


def _sale(token: str, at: float, banks: Mapping[str, float]) -> Sale:
    drawn, bank = draw(token, "bank"), ""
    for bank, share in banks.items():  # noqa: B007 (the last one takes what rounding leaves)
        if (drawn := drawn - share) < 0:
            break
    return Sale(token, at, bank, Paise(int(10_000 * 50 ** draw(token, "amount"))))


def _ours(day: Day, board: Board, sale: Sale) -> str:
    where = board.choose(day.providers, method="upi", amount=sale.amount, now=sale.at, token=sale.id, bank=sale.bank)
    return where[0].provider


def _learn(board: Board, sale: Sale, provider: str, met: Fate) -> None:
    now = sale.at + met.ms / 1000
    board.note(Stage.ANSWERS, provider, "upi", bank=sale.bank, good=met.answered, now=now, ms=met.ms)
    if met.answered:
        board.note(Stage.CAPTURES, provider, "upi", bank=sale.bank, good=met.captured, now=now)


def _worth(day: Day, board: Board, sale: Sale, provider: str) -> float:
    spell, policy = day.spell(provider, sale.bank, sale.at), board.policy
    cost = board.tariffs[provider, "upi"].bp(sale.amount)
    wait = spell.answers * spell.ms + (1 - spell.answers) * day.timeout_ms
    return spell.answers * spell.captures * (policy.margin_bp - cost) - wait / 1000 * policy.impatience_bp_per_s
