"""A replayed day: ours beats fixed rules when providers fail, never beats the oracle by much, and is the same each time."""

from datetime import date

import pytest
import yaml

from mela.services.payments import app
from mela.services.payments.rules import replay, routing
from mela.services.payments.rules.replay import Day, Tally
from mela.services.payments.rules.routing import Board

TODAY = date(2026, 11, 26)
DATA = yaml.safe_load((app.DATA / "routing.yaml").read_text(encoding="utf-8"))
WRITTEN = yaml.safe_load((app.DATA / "recorded-day.yaml").read_text(encoding="utf-8"))


def hardest(seed: int, sales: int) -> Day:
    """Some sales of the worst hour and a half."""
    part = replay.within(replay.day(WRITTEN, seed=seed), **WRITTEN["hardest"])
    return replay.Day(part.providers, part.sales[: sales * 3 : 3], part.spells, part.timeout_ms)


def played(day: Day) -> dict[str, Tally]:
    return dict(replay.policies(day, Board(routing.policy(DATA, TODAY), routing.tariffs(DATA, TODAY))))


@pytest.mark.parametrize("seed", [1, 2])
def test_with_one_at_sixty_percent_and_one_down_ours_stays_near_the_oracle(seed: int) -> None:
    found = played(hardest(seed, 1_000))
    assert found["static"].success < 0.65
    assert found["ours"].success > found["round robin"].success + 0.25
    assert found["ours"].success > found["oracle"].success - 0.03


def test_a_replay_comes_out_the_same_each_time() -> None:
    assert played(hardest(3, 200)) == played(hardest(3, 200))


def test_banks_and_hours_are_as_the_file_has_them() -> None:
    day = replay.day(WRITTEN)
    assert len(day.sales) == sum(WRITTEN["sales_by_hour"])
    share = sum(sale.bank == "SBI" for sale in day.sales) / len(day.sales)
    assert share == pytest.approx(WRITTEN["banks"]["SBI"], abs=0.02)
    assert sum(WRITTEN["banks"].values()) == pytest.approx(1)


def test_each_provider_is_told_of_at_every_moment() -> None:
    day = replay.day(WRITTEN)
    for at in range(0, 86_400, 600):
        assert all(0 <= day.spell(name, "SBI", at).captures <= 1 for name in day.providers)
