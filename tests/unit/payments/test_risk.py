"""Which payments pass, wait or are refused."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mela.services.payments
from mela.contracts.payments import PaymentState
from mela.kernel.money import Paise
from mela.services.payments.rules import risk
from mela.services.payments.rules.risk import Attempt, History, Past, Verdict

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
DATA = Path(mela.services.payments.__file__).parent / "data" / "risk.yaml"
TODAY = risk.in_force(yaml.safe_load(DATA.read_text(encoding="utf-8")), date(2026, 11, 26))
CODES = {rule.code: rule for rule in TODAY.rules}


def attempt(amount: int = 50_000, **changes: Any) -> Attempt:
    values: dict[str, Any] = {"payer": "a", "amount": Paise(amount), "method": "upi", "at": NOW}
    return Attempt(**(values | changes))


def past(ago_s: float, amount: int = 50_000, **changes: Any) -> Past:
    values: dict[str, Any] = {
        "at": NOW - timedelta(seconds=ago_s), "payer": "a", "amount": Paise(amount), "method": "upi",
        "state": PaymentState.CAPTURED, "payees": frozenset({"known"}), "place": "33",
    }  # fmt: skip
    return Past(**(values | changes))


def reasons(tried: Attempt, *payer: Past, device: tuple[Past, ...] = ()) -> tuple[str, ...]:
    return risk.decide(TODAY, tried, History(payer, device)).reasons


def test_an_ordinary_payment_passes_without_a_word() -> None:
    assert risk.decide(TODAY, attempt(), History()) == risk.Decision(Verdict.ALLOW)


def test_more_payments_than_the_limit_within_the_window_wait() -> None:
    most = int(CODES["V01"].above)
    assert reasons(attempt(), *[past(599)] * (most - 1)) == ()
    assert reasons(attempt(), *[past(599)] * most) == ("V01",)
    assert reasons(attempt(), *[past(601)] * most) == ()


def test_money_of_a_day_is_summed_without_what_came_to_nothing() -> None:
    whole = [past(3600, 9_000_000)] * 5
    assert reasons(attempt(5_000_001), *whole) == ("V02",)
    assert reasons(attempt(5_000_000), *whole) == ()
    failed = [past(3600, 9_000_000, state=PaymentState.EXPIRED)] * 5
    assert reasons(attempt(5_000_001), *failed) == ()


def test_trying_until_something_works_waits() -> None:
    failed = past(60, state=PaymentState.FAILED)
    assert reasons(attempt(), *[failed] * 9) == ("V03",)
    assert reasons(attempt(), *[failed] * 8) == ()


def test_a_device_of_many_payers_waits() -> None:
    others = tuple(past(60, payer=each) for each in "bcde")
    assert reasons(attempt(), device=others) == ("D01",)
    assert reasons(attempt(), device=(*others[1:], past(60, payer="b", at=NOW - timedelta(days=2)))) == ()


def test_much_money_to_a_new_payee_waits_until_something_was_bought_there() -> None:
    tried = attempt(10_000_001, payees=frozenset({"known", "new"}))
    assert reasons(tried, past(9000)) == ("N01",)
    assert reasons(tried, past(9000), past(9000, payees=frozenset({"new"}))) == ()
    assert reasons(tried, past(9000), past(9000, payees=frozenset({"new"}), state=PaymentState.FAILED)) == ("N01",)
    assert reasons(attempt(10_000_000, payees=frozenset({"new"}))) == ()


def test_many_states_in_a_day_wait() -> None:
    places = [past(60, place=each) for each in ("29", "27", "07")]
    assert reasons(attempt(place="33"), *places) == ("P01",)
    assert reasons(attempt(place=None), *places) == ()


def test_far_more_than_usual_waits_once_there_is_a_usual() -> None:
    usual = [past(86_400 * (n + 2), 250_000) for n in range(5)]
    assert reasons(attempt(5_000_001), *usual) == ("A02",)
    assert reasons(attempt(5_000_001), *usual[1:]) == ()
    assert reasons(attempt(4_999_999), *usual) == ()


def test_the_gravest_verdict_counts_and_all_reasons_are_told() -> None:
    decision = risk.decide(TODAY, attempt(50_000_001), History())
    assert decision == risk.Decision(Verdict.BLOCK, ("V02", "A01", "A03"))


@pytest.mark.parametrize(
    ("tier", "amount", "code"),
    [
        ("minimum", 1_000_001, "K01"),
        ("minimum", 1_000_000, None),
        ("full", 1_000_001, None),
        ("full", 20_000_001, "K02"),
    ],
)
def test_a_wallet_pays_as_much_as_its_owner_is_known(tier: str, amount: int, code: str | None) -> None:
    decision = risk.decide(TODAY, attempt(amount, method="wallet", tier=tier), History())
    assert (code in decision.reasons, decision.verdict is Verdict.BLOCK) == (code is not None, code is not None)


def test_a_listed_name_is_refused_and_one_like_it_waits() -> None:
    assert risk.decide(TODAY, attempt(likeness=100.0), History()) == risk.Decision(Verdict.BLOCK, ("L01",))
    assert risk.decide(TODAY, attempt(likeness=TODAY.near), History()) == risk.Decision(Verdict.REVIEW, ("L02",))
    assert risk.decide(TODAY, attempt(likeness=TODAY.near - 0.1), History()) == risk.Decision(Verdict.ALLOW)


def test_when_nobody_can_tell_small_amounts_pass_and_large_ones_wait() -> None:
    assert risk.decide(TODAY, attempt(TODAY.open_up_to, likeness=None), History()) == risk.Decision(
        Verdict.ALLOW, ("X01",)
    )
    assert risk.decide(TODAY, attempt(TODAY.open_up_to + 1, likeness=None), History()) == risk.Decision(
        Verdict.REVIEW, ("X01",)
    )


PASTS = st.lists(
    st.builds(
        past, st.floats(0, 90_000), st.integers(1, 10_000_000), state=st.sampled_from(PaymentState), place=st.sampled_from(["33", "29", None]),
    ),
    max_size=40,
)  # fmt: skip


@given(PASTS, st.integers(1, 60_000_000), st.integers(1, 60_000_000))
def test_a_larger_amount_is_never_judged_more_kindly(earlier: list[Past], one: int, other: int) -> None:
    small, large = (
        risk.decide(TODAY, attempt(amount, payees=frozenset({"known"})), History(earlier))
        for amount in sorted((one, other))
    )
    assert set(small.reasons) <= set(large.reasons)
    assert list(Verdict).index(small.verdict) <= list(Verdict).index(large.verdict)


@given(PASTS)
def test_what_is_older_than_all_windows_changes_nothing(earlier: list[Past]) -> None:
    old = [past(TODAY.look_back.total_seconds() + 1, 1)] * 50
    assert reasons(attempt(), *earlier) == reasons(attempt(), *earlier, *old)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"code": "Z", "kind": "mood", "verdict": "block", "above": 1}, "unknown kind mood; known are count, sum"),
        ({"code": "Z", "kind": "count", "verdict": "block", "above": 1, "wihtin_s": 3}, "unknown fields ['wihtin_s']"),
        ({"code": "Z", "kind": "count", "verdict": "scold", "above": 1}, "'scold' is not a valid Verdict"),
    ],
)  # fmt: skip
def test_a_rule_that_is_none_is_told(row: dict[str, Any], says: str) -> None:
    rows = [
        {"effective_from": date(2026, 1, 1), "effective_to": None, "open_up_to_paise": 1, "near": 90, "rules": [row]}
    ]
    with pytest.raises(ValueError, match=r"Z|scold") as told:
        risk.in_force(rows, date(2026, 11, 26))
    assert says in str(told.value)


def test_a_day_without_rules_is_told() -> None:
    with pytest.raises(LookupError, match="2020-01-01"):
        risk.in_force(yaml.safe_load(DATA.read_text(encoding="utf-8")), date(2020, 1, 1))
