"""How cases end, and what waiting costs."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from mela.services import payments
from mela.services.payments.rules import cases
from mela.services.payments.rules.cases import Decision, Resolution
from mela.services.payments.rules.reconciliation import HARMLESS, Outcome

DATA = Path(payments.__file__).parent / "data"
KINDS = cases.kinds(yaml.safe_load((DATA / "cases.yaml").read_text(encoding="utf-8"))["kinds"])
LATE = {"put_right_by": "2026-11-28", "compensation_per_day": 10_000}


def test_every_break_of_a_day_is_a_kind_with_an_owner_and_an_end() -> None:
    breaks = {f"reconciliation_{outcome}" for outcome in Outcome if outcome not in HARMLESS}
    assert breaks <= set(KINDS)
    assert all(kind.owner and kind.ends for kind in KINDS.values())


def test_only_a_refused_refund_is_refunded_again() -> None:
    assert [name for name, kind in KINDS.items() if Resolution.REFUND_AGAIN in kind.ends] == ["refund_refused"]


@pytest.mark.parametrize("end", Resolution)
def test_every_end_but_a_second_refund_needs_a_note(end: Resolution) -> None:
    ends = tuple(Resolution)
    cases.check("any", ends, Decision(end, "because"))
    if end is Resolution.REFUND_AGAIN:
        cases.check("any", ends, Decision(end, ""))
    else:
        with pytest.raises(cases.NoteMissing):
            cases.check("any", ends, Decision(end, ""))


@pytest.mark.parametrize(("day", "owed"), [(1, 0), (28, 0), (29, 10_000), (30, 20_000)])
def test_a_payer_is_owed_a_hundred_rupees_for_each_day_after_the_last(day: int, owed: int) -> None:
    assert cases.owed(LATE, date(2026, 11, day)) == owed
    assert cases.owed({}, date(2026, 11, day)) == 0
