"""Which quality, and who is refused first."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.services.streaming import rules
from mela.services.streaming.model import Rung, Tier
from mela.services.streaming.settings import StreamingSettings

LADDER = (Rung("240p", 250), Rung("480p", 900), Rung("1080p", 4500))
SHARES = (0.9, 0.6)


@pytest.mark.parametrize(
    ("measured", "viewers", "budget_mbps", "name"),
    [
        (0, 0, 0, "1080p"),  # nothing is known and nothing is bounded
        (6000, 10, 0, "1080p"),
        (5000, 10, 0, "480p"),  # four fifths of 5000
        (100, 10, 0, "240p"),  # the lowest one always
        (6000, 1000, 1000, "480p"),  # an even share of 1000 kbit/s
        (6000, 10_000, 1000, "240p"),
        (0, 0, 1000, "1080p"),
    ],
)
def test_quality_is_what_line_and_share_bear(measured: int, viewers: int, budget_mbps: float, name: str) -> None:
    assert rules.quality(LADDER, measured, viewers, budget_mbps).name == name


@given(st.integers(0, 10**7), st.integers(0, 10**8), st.floats(0, 1e8), st.integers(1, 1000))
def test_more_viewers_never_get_more(measured: int, viewers: int, budget: float, more: int) -> None:
    few = rules.quality(LADDER, measured, viewers, budget)
    assert rules.quality(LADDER, measured, viewers + more, budget).kbps <= few.kbps


@given(st.integers(251, 10**6), st.floats(1, 1e6))
def test_all_together_stay_within_the_budget_while_the_lowest_rung_fits(viewers: int, budget: float) -> None:
    rung = rules.quality(LADDER, 0, viewers, budget)
    assert rung == LADDER[0] or rung.kbps * viewers <= budget * 1000 * (1 + 1e-9)


@given(st.integers(0, 500), st.integers(1, 300))
def test_what_matters_less_is_refused_first(in_flight: int, most: int) -> None:
    refused = [rules.is_refused(tier, in_flight, most, SHARES) for tier in Tier]
    assert refused == sorted(refused)
    assert not refused[0]


@pytest.mark.parametrize(("in_flight", "refused"), [(59, []), (60, [Tier.HOME]), (90, [Tier.STARTING, Tier.HOME])])
def test_tiers_are_refused_from_their_share(in_flight: int, refused: list[Tier]) -> None:
    assert [tier for tier in Tier if rules.is_refused(tier, in_flight, 100, SHARES)] == refused


def test_who_matters_less_waits_longer() -> None:
    for luck in (0.0, 0.5, 1.0):
        waits = [rules.retry_after_s(tier, luck) for tier in Tier]
        assert all(one < two for one, two in pairwise(waits))


@pytest.mark.parametrize(
    "wrong",
    [
        {"silent_s": 40},
        {"heartbeat_s": 0},
        {"refuse_home_from": 0.95},
        {"refuse_starts_from": 1.5},
        {"in_flight_most": 0},
        {"gather_ms": -1},
    ],
)
def test_settings_that_contradict_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|are shares"):
        StreamingSettings(**wrong)  # type: ignore[arg-type]
