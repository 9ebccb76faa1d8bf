"""A payment goes where it is worth most; an outage is noticed, left alone, and returned to little by little; each choice says why."""

from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mela.kernel.money import Paise
from mela.services.payments import app
from mela.services.payments.rules import routing
from mela.services.payments.rules.routing import Board, Candidate, Health, Stage

DAY = date(2026, 11, 26)
DATA = yaml.safe_load((app.DATA / "routing.yaml").read_text(encoding="utf-8"))
POLICY, TARIFFS = routing.policy(DATA, DAY), routing.tariffs(DATA, DAY)
THREE = ("razorpay", "cashfree", "phonepe")


def board() -> Board:
    return Board(POLICY, TARIFFS)


def choose(known: Board, now: float = 0.0, token: str = "pay_1", bank: str | None = None) -> list[Candidate]:
    return known.choose(THREE, method="upi", amount=Paise(100_000), now=now, token=token, bank=bank)


def note(
    known: Board,
    provider: str,
    times: int,
    *,
    good: bool,
    stage: Stage = Stage.ANSWERS,
    now: float = 0.0,
    bank: str | None = None,
) -> None:
    for _ in range(times):
        known.note(stage, provider, "upi", good=good, now=now, ms=250.0, bank=bank)


def firsts(known: Board, now: float) -> dict[str, int]:
    """Where a thousand payments would go."""
    found = [choose(known, now, f"pay_{n}")[0].provider for n in range(1_000)]
    return {name: found.count(name) for name in THREE}


def test_of_strangers_the_cheapest_is_first() -> None:
    assert [each.provider for each in choose(board())] == ["phonepe", "cashfree", "razorpay"]


def test_more_captures_beat_a_lower_price() -> None:
    known = board()
    note(known, "phonepe", 100, good=True, stage=Stage.CAPTURES)
    note(known, "phonepe", 40, good=False, stage=Stage.CAPTURES)
    assert choose(known)[0].provider == "cashfree"


def test_slow_answers_count_against_a_provider() -> None:
    known = board()
    for _ in range(100):
        known.note(Stage.ANSWERS, "phonepe", "upi", good=True, now=0.0, ms=8_000.0)
    assert choose(known)[0].provider == "cashfree"


def test_a_provider_without_a_tariff_for_the_method_is_never_taken() -> None:
    found = board().choose(("phonepe", "payu"), method="card", amount=Paise(100_000), now=0.0, token="t")
    assert [(each.provider, each.takes, each.why) for each in found][1] == (
        "phonepe",
        False,
        "does not offer this method",
    )


def test_five_silences_in_a_row_are_an_outage() -> None:
    known = board()
    note(known, "phonepe", POLICY.out_after - 1, good=False)
    assert choose(known)[-1].takes
    note(known, "phonepe", 1, good=False)
    last = choose(known, now=1.0)[-1]
    assert (last.provider, last.takes, last.why) == ("phonepe", False, "out: next try in 14 s")


def test_few_answers_among_many_are_an_outage_too() -> None:
    known = board()
    for _ in range(40):
        note(known, "phonepe", 2, good=False)
        note(known, "phonepe", 1, good=True)
    assert firsts(known, now=1.0)["phonepe"] == 0


def test_it_comes_back_little_by_little() -> None:
    known = board()
    note(known, "phonepe", POLICY.out_after, good=False)
    back = POLICY.pause_s + 1
    shares = [firsts(known, back)["phonepe"]]
    for _ in range(7):
        note(known, "phonepe", 1, good=True, now=back)
        shares.append(firsts(known, back)["phonepe"])
    assert shares == sorted(shares)
    assert shares[0] < 60
    assert shares[-1] > 900


def test_a_failed_return_doubles_the_pause_up_to_a_limit() -> None:
    known, now, pauses = board(), 0.0, []
    note(known, "phonepe", POLICY.out_after, good=False)
    for _ in range(8):
        health = known.known[Stage.ANSWERS, ("phonepe", "upi", None)]
        pauses.append(health.pause_s)
        now = health.out_until + 0.1
        note(known, "phonepe", 1, good=False, now=now)
    assert pauses[:3] == [15, 30, 60]
    assert pauses[-1] == POLICY.longest_pause_s


def test_what_happened_long_ago_is_forgotten() -> None:
    known = board()
    note(known, "phonepe", 100, good=False, stage=Stage.CAPTURES)
    assert choose(known)[0].provider != "phonepe"
    assert choose(known, now=100 * POLICY.half_life_s)[0].provider == "phonepe"


def test_one_banks_trouble_moves_that_bank_only() -> None:
    known = board()
    for bank in ("HDFC", "ICICI", "AXIS"):
        note(known, "phonepe", 50, good=True, stage=Stage.CAPTURES, bank=bank)
    note(known, "phonepe", 10, good=False, stage=Stage.CAPTURES, bank="SBI")
    assert choose(known, bank="SBI")[0].provider != "phonepe"
    assert choose(known, bank="HDFC")[0].provider == "phonepe"


def test_a_few_payments_try_another_provider() -> None:
    spread = firsts(board(), now=0.0)
    assert spread["phonepe"] > 970
    assert spread["cashfree"] + spread["razorpay"] > 0


def test_the_same_payment_is_always_routed_alike() -> None:
    known = board()
    note(known, "cashfree", 7, good=False)
    assert choose(known, 3.0) == choose(known, 3.0)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e5), st.floats(1, 1e5))
def test_fading_only_takes_away(good: float, bad: float, passed: float, half_life: float) -> None:
    faded = Health(good=good, bad=bad).faded(passed, half_life)
    assert 0 <= faded.good <= good
    assert 0 <= faded.bad <= bad


@pytest.mark.parametrize("token", ["", "pay_1", "₹"])
def test_draws_are_shares(token: str) -> None:
    assert 0 <= routing.draw(token) < 1


class AnyDay(RuleBasedStateMachine):
    """Whatever is noted in whatever order: all providers are weighed, shares stay shares, and who is out takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.known, self.now = board(), 0.0

    @rule(stage=st.sampled_from(Stage), provider=st.sampled_from(THREE), good=st.booleans(), times=st.integers(1, 30),
          bank=st.sampled_from([None, "SBI", "HDFC"]))  # fmt: skip
    def something_happens(self, stage: Stage, provider: str, good: bool, times: int, bank: str | None) -> None:
        note(self.known, provider, times, good=good, stage=stage, now=self.now, bank=bank)

    @rule(seconds=st.floats(0, 1_000))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def all_are_weighed(self) -> None:
        for bank in (None, "SBI"):
            found = choose(self.known, self.now, bank=bank)
            assert {each.provider for each in found} == set(THREE)
            assert all(0 <= each.answers <= 1 and 0 <= each.captures <= 1 and each.wait_ms >= 0 for each in found)
            takes = [each.takes for each in found]
            assert takes == sorted(takes, reverse=True)
            out = [each for each in found if each.why.startswith("out")]
            assert not any(each.takes for each in out)

    @invariant()
    def shares_are_shares(self) -> None:
        for health in self.known.known.values():
            assert 0 < health.share <= 1
            assert health.pause_s <= POLICY.longest_pause_s


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
