"""How a rehearsal is held against a real cluster: the yardstick itself."""

import numpy as np
import pytest

from tests.proofs.kube import agreement


def test_a_count_is_that_of_the_last_change_before_the_second() -> None:
    assert agreement.by_tick([(90.0, 4), (102.5, 6)], 100.0, 5).tolist() == [4, 4, 4, 6, 6]


def test_one_pod_at_the_same_second_is_a_step_and_two_are_not() -> None:
    found = agreement.compare(np.array([4, 5, 6, 7]), np.array([4, 4, 4, 4]))
    assert (found.equal, found.one_step, found.largest) == (0.25, 0.5, 3)


def test_a_decision_that_falls_a_sync_later_is_no_agreement_and_is_told_beside_it() -> None:
    early = np.repeat([4, 10], 60)
    late = np.concatenate([np.repeat(4, 60 + agreement.SYNC_S), np.repeat(10, 60 - agreement.SYNC_S)])
    found = agreement.compare(early, late)
    assert found.one_step == pytest.approx(1 - agreement.SYNC_S / 120)
    assert found.a_sync_off == 1.0


def test_the_rhythm_says_when_the_next_sync_is_due() -> None:
    ahead, every = agreement.rhythm([10.0, 25.02, 40.04, 55.06, 70.08], 60.0)
    assert every == pytest.approx(15.02)
    assert ahead == pytest.approx(10.08)
