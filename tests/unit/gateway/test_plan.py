"""Faults are drawn by seed, and come as often as the plan says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mela.simulators.gateway.plan import FAULTS, Fault, Plan


@given(st.integers(0, 2**31), st.text(max_size=60), st.sampled_from(FAULTS), st.integers(0, 9))
def test_the_same_plan_gives_the_same_fate(seed: int, reference: str, fault: Fault, attempt: int) -> None:
    plan = Plan.model_validate({"seed": seed, fault: 0.5})
    fates = {plan.hits(fault, reference, kind="pay", attempt=attempt) for _ in range(3)}
    assert len(fates) == 1


@given(st.text(max_size=60), st.sampled_from(FAULTS))
def test_never_is_never_and_always_is_always(reference: str, fault: Fault) -> None:
    assert not Plan().hits(fault, reference)
    assert Plan.model_validate({fault: 1.0}).hits(fault, reference)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_share_is_met_within_sampling_error(fault: Fault, share: float) -> None:
    plan = Plan.model_validate({"seed": 7, fault: share})
    hits = sum(plan.hits(fault, f"pay_{n}") for n in range(10_000))
    assert abs(hits / 10_000 - share) < 5 * (share * (1 - share) / 10_000) ** 0.5


def test_a_dropped_request_may_pass_when_repeated() -> None:
    plan = Plan(seed=1, drop_before=0.5)
    assert {plan.hits("drop_before", "pay_1", kind="pay", attempt=n) for n in range(20)} == {True, False}


def test_declines_use_all_the_codes_named() -> None:
    plan = Plan(decline=1.0, decline_codes=("Z9", "U30", "ZM"))
    assert {plan.decline_code(f"pay_{n}") for n in range(50)} == {"Z9", "U30", "ZM"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"drop_before": 1.1},
        {"decline": -0.1},
        {"latency_ms": -1},
        {"latency_ms": "5"},
        {"seed": True},
        {"decline": "0.5"},
        {"decline_codes": []},
        {"mood": 1},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate(wrong)
