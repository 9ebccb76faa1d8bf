"""The written day of `data/recorded-day.yaml` under every routing policy: its hardest part, and the whole of it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from mela.kernel import tables
from mela.services.payments.rules import replay, routing
from mela.services.payments.rules.replay import Tally
from mela.services.payments.rules.routing import Board

DATA = Path(__file__).parent.parent / "data"


def replays(seed: int, today: date) -> Iterator[tuple[str, Iterator[tuple[str, Tally]]]]:
    """Parts of the day, and each policy's tally as it is done."""
    weights = tables.read(DATA / "routing.yaml")
    written = tables.read(DATA / "recorded-day.yaml")
    whole = replay.day(written, seed=seed)
    parts = {"One provider at 60 %, one down": replay.within(whole, **written["hardest"]), "The whole day": whole}
    for name, part in parts.items():
        board = Board(routing.policy(weights, today), routing.tariffs(weights, today))
        yield f"{name}: {len(part.sales):,} payments", replay.policies(part, board)
