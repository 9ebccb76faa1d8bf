"""From a trace to failures."""

from dataclasses import replace

import numpy as np
import pytest

from mela.rehearsal.model import Happening
from mela.rehearsal.verdict import harm, objectives
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from tests.rehearsal import match


def test_what_holds_has_no_failure_and_used_nothing() -> None:
    things = match.system()
    verdict = judge(match.play(things, np.full(600, 300.0)), Around(things))
    assert verdict.held
    assert not verdict.failures
    assert [budget.used for budget in verdict.budgets] == [0, 0]
    assert verdict.cost_paise == 600 * 9 * 0.5


def test_an_autoscaler_at_its_maximum_is_the_cause_with_its_line() -> None:
    things = match.system()
    verdict = judge(match.play(things), Around(things))
    (failure,) = verdict.failures
    assert not verdict.held
    assert failure.cause.mechanism == "max-replicas"
    # 10 pods serve 1,000 requests per second; the crowd passes that 350 s after the toss.
    assert failure.first_s == pytest.approx(match.TOSS_S + 350, abs=1)
    assert failure.cause.field is not None
    assert failure.cause.field.path == ("spec", "maxReplicas")
    assert failure.cause.field.thing.line_of(failure.cause.field.path) == 24


def test_users_are_those_whose_actions_did_not_end_well() -> None:
    things = match.system()
    trace = match.play(things)
    (failure,) = judge(trace, Around(things)).failures
    assert failure.users == pytest.approx(float((trace.asked - trace.answered).sum()))


def test_a_quota_explains_a_saturated_cpu_not_the_other_way_round() -> None:
    things = match.system(match.TEXT.replace('"40"', '"8"').replace("maxReplicas: 10", "maxReplicas: 40"))
    (failure,) = judge(match.play(things), Around(things)).failures
    assert failure.cause.mechanism == "quota-refused"
    assert failure.cause.said == "the quota refuses pods"


def test_what_began_long_before_the_harm_and_goes_on_explains_it() -> None:
    things = match.system(match.TEXT.replace("maxReplicas: 10", "maxReplicas: 40"))
    trace = match.play(things, np.where(np.arange(3600) < 2400, 300.0, 1500.0))
    began, over = (
        Happening(60, "pool-exhausted", "api", "all are in use", until_s=3000),
        Happening(60, "breaker-open", "api", "", until_s=900),
    )
    (failure,) = judge(replace(trace, happenings=(began, over)), Around(things)).failures
    assert failure.first_s == 2400
    assert (failure.cause.mechanism, failure.cause.said) == ("pool-exhausted", "all are in use")
    assert "breaker-open" not in {cause.mechanism for cause in failure.others}


def test_a_full_cpu_is_no_reason_where_no_autoscaler_looks_at_it() -> None:
    by_viewers = "{type: External, external: {metric: {name: viewers}, target: {type: AverageValue, averageValue: 1k}}}"
    text = match.TEXT.replace("maxReplicas: 10", "maxReplicas: 40")
    start = text.index("    - type: Resource")
    end = text.index("---", start)
    seen, blind = match.system(text), match.system(f"{text[:start]}    - {by_viewers}\n{text[end:]}")
    trace = match.play(seen, np.full(1200, 300.0))
    services = trace.services
    full = replace(
        services, cpu_used_m=services.cpu_limit_m, failed=services.offered * 0.1, served=services.offered * 0.9
    )
    causes = [
        judge(replace(trace, services=full), Around(things)).failures[0].cause.mechanism for things in (seen, blind)
    ]
    assert causes == ["usage-saturated", "overload"]


def test_pods_slower_than_the_crowd_are_named_as_such() -> None:
    things = match.system(match.TEXT.replace("maxReplicas: 10", "maxReplicas: 40"))
    steep = np.where(np.arange(1800) < 600, 300.0, 1500.0)
    (failure,) = judge(match.play(things, steep), Around(things)).failures
    assert failure.cause.mechanism == "slow-start"
    assert failure.first_s == 600
    assert (
        failure.last_s == 600 + match.DELAY_S - 1 + harm.WINDOW_S // 2 - 1 or failure.last_s <= 600 + match.DELAY_S + 60
    )


def test_harm_too_short_for_the_budget_does_not_break_the_promise() -> None:
    things = match.system(match.TEXT.replace("maxReplicas: 10", "maxReplicas: 40"))
    short = np.full(20_000, 300.0)
    short[600:602] = 3000.0
    verdict = judge(match.play(things, short, delay_s=1), Around(things))
    assert verdict.held
    assert len(verdict.failures) == 1


@pytest.mark.parametrize(
    ("name", "available"), [("pay", 0.9999), ("upi-switch", 0.9999), ("bank-ledger", 0.99995), ("food-order", 0.995), ("watch", 0.999)]
)  # fmt: skip
def test_promises_are_those_of_the_written_objectives(name: str, available: float) -> None:
    assert objectives.of(name).available == available


def test_stretches_with_short_gaps_are_one() -> None:
    mask = np.zeros(1000, dtype=np.bool_)
    mask[[10, 11, 100, 500]] = True
    assert list(harm.stretches(mask, gap_s=100)) == [(10, 100), (500, 500)]
    assert list(harm.stretches(np.zeros(5, dtype=np.bool_))) == []
