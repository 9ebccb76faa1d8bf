"""The library of events: published figures are hit exactly, what is made up is bounded, the same seed gives the same bytes."""

import numpy as np
import pytest

from mela.rehearsal import events
from mela.rehearsal.events import crowd
from mela.rehearsal.events.event import Event

LIBRARY = {name: events.load(name) for name in events.names()}
WANTED = "match-2019 match-2026 match-400m tatkal tatkal-1200k sale-7x sale-20x sale-1000x upi-month-end upi-outage new-year-food new-year-rides"
everything = pytest.mark.parametrize("event", LIBRARY.values(), ids=LIBRARY)


def test_library_has_what_india_knows() -> None:
    assert set(WANTED.split()) <= set(LIBRARY)


@everything
def test_points_are_hit_exactly(event: Event) -> None:
    demand = event.demand(happens=())
    for series in event.series.values():
        inside = [point for point in series.points if point.at_s < event.duration_s]
        if series.kind in ("level", "ratio"):
            got = demand.levels[series.name][[round(point.at_s) for point in inside]]
            assert got == pytest.approx([point.value for point in inside], rel=1e-12)


@everything
def test_curves_stay_between_the_points_beside_them(event: Event) -> None:
    clock = crowd.clock(event.duration_s, [])
    for series in event.series.values():
        value = crowd.value_of(series, clock, []) * series.per_s
        assert value.min() >= 0
        if series.kind != "total":
            assert value.max() <= series.peak.value * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "series", "from_s", "to_s", "published"),
    [
        ("tatkal", "ac", 900, 960, 5_615),
        ("tatkal", "ac", 960, 1020, 22_827),
        ("tatkal", "ac", 900, 1500, 67_159),
        ("tatkal", "ac", 900, 4500, 92_861),
        ("tatkal", "non-ac", 4500, 4560, 4_724),
        ("tatkal", "non-ac", 4560, 4620, 20_786),
        ("upi-month-end", "payments", 0, 86_400, 740_000_000),
    ],
)
def test_published_totals_are_hit_exactly(name: str, series: str, from_s: int, to_s: int, published: int) -> None:
    event = LIBRARY[name]
    begun = crowd.value_of(event.series[series], crowd.clock(event.duration_s, []), [])
    assert begun[from_s:to_s].sum() == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("match-2018", 10.3e6),
        ("match-2019", 25.3e6),
        ("match-2023", 59e6),
        ("match-2025", 61.2e6),
        ("match-2026", 65.2e6),
    ],
)
def test_matches_peak_at_the_published_figure(name: str, peak: float) -> None:
    assert LIBRARY[name].demand(happens=()).levels["viewers"].max() == pytest.approx(peak, rel=1e-12)


def test_semi_final_is_as_steep_as_it_is_told() -> None:
    per_minute = np.diff(LIBRARY["match-2019"].demand(happens=()).levels["viewers"]) * 60
    assert 1.0e6 < per_minute.max() < 1.2e6


def test_semi_final_asks_for_a_million_requests_a_second_and_ten_terabits() -> None:
    demand = LIBRARY["match-2019"].demand(happens=())
    assert demand.arrivals.sum(axis=1).max() > 1e6
    assert 9.9e6 < demand.levels["mbps"].max() < 10.1e6


def test_home_page_surges_when_everybody_leaves() -> None:
    demand = LIBRARY["match-2019"].demand(happens=())
    home = demand.arrivals[:, demand.actions.index("home")]
    last_ball = 6 * 3600 + 43 * 60
    assert home[last_ball : last_ball + 300].sum() > 0.9 * 24_000_000
    assert home[last_ball : last_ball + 300].max() > 4 * home[last_ball - 300 : last_ball].max()


@pytest.mark.parametrize("name", ["match-400m", "tatkal-1200k", "sale-1000x"])
def test_sizes_beyond_history_say_their_multiple(name: str) -> None:
    assert "times" in LIBRARY[name].stress


def test_stress_of_1_2_million_a_minute_is_that() -> None:
    event = LIBRARY["tatkal-1200k"]
    begun = crowd.value_of(event.series["ac"], crowd.clock(event.duration_s, []), [])
    assert begun[960:1020].sum() == pytest.approx(1_200_000, rel=1e-4)


def test_a_thousandfold_sale_begins_from_the_same_normal_day() -> None:
    small, large = LIBRARY["sale-7x"].series["visits"], LIBRARY["sale-1000x"].series["visits"]
    assert large.peak.value == 198_000
    assert (large.points[0].value - 198) / (large.peak.value - 198) == pytest.approx(
        (small.points[0].value - 198) / (small.peak.value - 198)
    )


def test_outage_brings_a_storm_of_status_checks() -> None:
    demand = LIBRARY["upi-outage"].demand()
    status = demand.arrivals[:, demand.actions.index("status")]
    assert status[3600:7200].mean() > 15 * status[:2000].mean()
    assert demand.levels["success"][7200] == 0.5


@everything
def test_people_who_came_minus_people_who_left_is_what_the_level_changed(event: Event) -> None:
    for series in event.series.values():
        if series.stay_s:
            level = event.demand(happens=()).levels[series.name]
            joins, leaves, flights = crowd.moves(level, series.stay_s)
            assert (joins - leaves).sum() == pytest.approx(level[-1] - level[0], rel=1e-9)
            assert min(joins.min(), leaves.min(), flights.min()) >= 0


@everything
def test_seed_moves_seconds_and_keeps_minutes(event: Event) -> None:
    one, two = event.demand(seed=1, happens=()), event.demand(seed=2, happens=())
    assert not np.array_equal(one.arrivals, two.arrivals)
    starts = np.arange(0, one.ticks, crowd.SHAKEN_WITHIN_S)
    first, second = (np.add.reduceat(each.arrivals, starts, axis=0) for each in (one, two))
    assert np.allclose(first, second, rtol=1e-9)


@everything
def test_same_seed_gives_the_same_bytes(event: Event) -> None:
    one, two = event.demand(seed=7), event.demand(seed=7)
    assert one.arrivals.tobytes() == two.arrivals.tobytes()
    assert one.moments == two.moments
    assert {name: level.tobytes() for name, level in one.levels.items()} == {
        name: level.tobytes() for name, level in two.levels.items()
    }


@everything
def test_scale_multiplies_people_and_leaves_shares(event: Event) -> None:
    one, three = event.demand(happens=()), event.demand(scale=3, happens=())
    starts = np.arange(0, one.ticks, crowd.SHAKEN_WITHIN_S)
    small, large = (np.add.reduceat(each.arrivals, starts, axis=0) for each in (one, three))
    assert np.allclose(large, 3 * small, rtol=1e-9)
    for name, series in event.series.items():
        if series.kind in ("level", "ratio"):
            factor = 1 if series.kind == "ratio" else 3
            assert np.allclose(three.levels[name], factor * one.levels[name])


def test_super_over_comes_unplanned_and_delays_the_end() -> None:
    event = LIBRARY["match-2019"]
    without, with_it = event.demand(happens=()), event.demand(happens=("super-over",))
    assert with_it.ticks == without.ticks + 660
    over = next(moment for moment in with_it.moments if moment.name == "super-over")
    assert not over.planned
    assert with_it.levels["viewers"].max() > 25.3e6
    ends = [next(m.at_s for m in each.moments if m.name == "run-out") for each in (without, with_it)]
    assert ends[1] - ends[0] == 660
    assert with_it.levels["viewers"][-1] == without.levels["viewers"][-1]


def test_condition_comes_as_often_as_its_chance_says() -> None:
    event = LIBRARY["match-2019"]
    drawn = [
        {each.surge.name for each in crowd.draw(event.surges, None, np.random.Generator(np.random.PCG64(seed)))}
        for seed in range(1000)
    ]
    assert 0.45 < sum("push" in each for each in drawn) / 1000 < 0.55
    assert 0 < sum("super-over" in each for each in drawn) / 1000 < 0.03


def test_what_cannot_happen_is_refused() -> None:
    with pytest.raises(ValueError, match="meteor cannot happen in this event; super-over, push can"):
        LIBRARY["match-2019"].demand(happens=("meteor",))


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_scale_must_be_a_number_above_zero(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        LIBRARY["match-2019"].demand(scale=scale)


@everything
def test_every_figure_says_how_it_is_known(event: Event) -> None:
    origins = [point.origin for series in event.series.values() for point in series.points]
    origins += [action.origin for action in event.actions.values()] + [surge.origin for surge in event.surges]
    assert all(origin.mark == "assumption" or event.sources[origin.source].startswith("https://") for origin in origins)
