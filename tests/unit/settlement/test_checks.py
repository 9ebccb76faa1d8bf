"""The check names each sum that is wrong, and none that is right."""

from dataclasses import replace

import pytest

from mela.kernel.money import Paise
from mela.services.settlement.model import Amounts, Sums
from mela.services.settlement.rules import checks

ENTRIES = Amounts(*map(Paise, (1000, 900, 100, 40, 7, 5, 1, 947)))
RIGHT = Sums(ENTRIES, open_net=Paise(47), unposted=0, paid=Paise(800), sending=Paise(100), wrong_payouts=())


@pytest.mark.parametrize("out", [800, 850, 900])
def test_gateway_between_paid_and_sending_agrees(out: int) -> None:
    assert checks.check(RIGHT, Paise(out), RIGHT).problems == ()


@pytest.mark.parametrize("out", [799, 901])
def test_gateway_with_less_than_paid_or_more_than_sent_is_a_problem(out: int) -> None:
    assert checks.check(RIGHT, Paise(out), RIGHT).problems == ("gateway",)


def test_payouts_that_go_on_while_the_gateway_is_asked_are_no_problem() -> None:
    later = replace(RIGHT, open_net=Paise(0), paid=Paise(900), sending=Paise(47))
    assert checks.check(RIGHT, Paise(820), later).problems == ()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [(replace(RIGHT, entries=replace(ENTRIES, tcs=Paise(6))), "entries"), (replace(RIGHT, open_net=Paise(48)), "payouts"),
     (replace(RIGHT, wrong_payouts=("po_1",)), "payouts"), (replace(RIGHT, unposted=1), "ledger")],
)  # fmt: skip
def test_each_wrong_sum_is_named(wrong: Sums, problem: str) -> None:
    assert checks.check(RIGHT, Paise(800), wrong).problems == (problem,)
