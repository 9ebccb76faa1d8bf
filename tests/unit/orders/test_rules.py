"""What may happen to an order, and what its invoice says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.contracts.catalog import PricedLine, Seller
from mela.kernel.money import Paise
from mela.services.orders import rules
from mela.services.orders.model import Address, Order, OrderLine, OrderRefund, OrderState, RefundState

MADURAI = Address("Meena R", "+919876543210", "12, North Masi Street", "", "Madurai", "33", "625001")
TAMIL = Seller("vaigai", "Vaigai Stores", "33AAAAA0000A1Z9", "33", "1 Test Street", "625001")
INDORE = Seller("malwa", "Malwa Bazaar", "23AAAAA0000A1ZA", "23", "2 Test Road", "452001")
PREFIXES = {"62": ["33"], "160": ["03", "04", "06"], "16": ["03", "04"]}
NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
rates = st.sampled_from([0, 300, 500, 1800, 4000])


def priced(price: int = 38_900, quantity: int = 2, rate_bp: int = 500) -> PricedLine:
    return PricedLine(
        "RICE-5KG", "rice", {"en": "Rice"}, "grocery", "vaigai", "100630", "BAG", rate_bp, Paise(price), quantity
    )


def line(price: int = 38_900, quantity: int = 2, rate_bp: int = 500, *, same_state: bool = True) -> OrderLine:
    return rules.order_line(priced(price, quantity, rate_bp), same_state=same_state)


def order(state: OrderState = OrderState.DELIVERED, *lines: OrderLine) -> Order:
    return Order(
        "ord_1",
        "cus_1",
        state,
        "",
        "upi",
        None,
        MADURAI,
        Paise(0),
        Paise(0),
        None,
        None,
        NOON,
        NOON,
        lines=lines or (line(),),
    )


def test_every_state_has_its_followers_and_the_last_ones_have_none() -> None:
    assert set(rules.NEXT) == set(OrderState)
    assert [state for state, after in rules.NEXT.items() if not after] == [OrderState.CANCELLED, OrderState.RETURNED]


@pytest.mark.parametrize(
    ("states", "over"),
    [("", True), ("p", False), ("P", True), ("F", False), ("Fp", False), ("FP", True), ("FFP", True), ("PF", False)],
)
def test_an_order_is_over_when_the_last_try_of_its_refund_has_arrived(states: str, over: bool) -> None:
    names = {"p": RefundState.PENDING, "P": RefundState.PROCESSED, "F": RefundState.FAILED}
    refunds = tuple(OrderRefund(str(n), Paise(100), names[each], "", None, NOON) for n, each in enumerate(states))
    assert rules.is_over(replace(order(OrderState.CANCELLED), refunds=refunds)) is over
    assert not rules.is_over(replace(order(OrderState.DELIVERED), refunds=refunds))


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("wanted", OrderState)
def test_only_the_followers_of_a_state_may_follow(state: OrderState, wanted: OrderState) -> None:
    if wanted in rules.NEXT[state]:
        rules.check_change(state, wanted)
    else:
        with pytest.raises(rules.CannotChange):
            rules.check_change(state, wanted)


def test_goods_that_have_left_cannot_be_cancelled() -> None:
    assert {OrderState.PLACED, OrderState.AWAITING_PAYMENT, OrderState.CONFIRMED} == rules.CANCELLABLE


@pytest.mark.parametrize(("pin", "state"), [("625001", "33"), ("160017", "04"), ("160055", "06"), ("163001", "03")])
def test_a_pin_of_the_state_is_taken_by_its_longest_prefix(pin: str, state: str) -> None:
    rules.check_address(replace(MADURAI, pin=pin, state_code=state), PREFIXES)


@pytest.mark.parametrize(("pin", "state"), [("625001", "29"), ("163001", "06"), ("999999", "33")])
def test_a_pin_of_another_state_or_of_none_is_refused(pin: str, state: str) -> None:
    with pytest.raises(rules.WrongPin):
        rules.check_address(replace(MADURAI, pin=pin, state_code=state), PREFIXES)


@given(price=st.integers(1, 10**9), quantity=st.integers(1, 20), rate=rates, same_state=st.booleans())
def test_a_lines_tax_and_value_add_up_to_its_price(price: int, quantity: int, rate: int, same_state: bool) -> None:
    made = line(price, quantity, rate, same_state=same_state)
    assert made.taxable + made.tax == made.gross == price * quantity
    assert made.tax >= 0
    assert not same_state or made.tax % 2 == 0


@given(price=st.integers(1, 10**7), quantity=st.integers(1, 20), rate=rates, data=st.data())
def test_parts_that_come_back_one_after_another_add_up_to_the_line(
    price: int, quantity: int, rate: int, data: st.DataObject
) -> None:
    whole = left = line(price, quantity, rate)
    parts = []
    while left.returned < quantity:
        pieces = data.draw(st.integers(1, quantity - left.returned))
        parts.append(rules.part_of(left, pieces))
        left = replace(left, returned=left.returned + pieces)
    for head in ("gross", "taxable", "tax", "quantity"):
        assert sum(getattr(part, head) for part in parts) == getattr(whole, head)


def test_within_a_state_the_invoice_has_two_equal_heads_and_across_states_one() -> None:
    at_home = rules.invoice("VAI/2627/0000001", "ord_1", TAMIL, MADURAI, [line()], date(2026, 11, 23))
    assert (at_home.cgst, at_home.igst) == (at_home.sgst, 0)
    assert at_home.cgst + at_home.sgst + at_home.taxable == at_home.total == 77_800
    away = rules.invoice("MAL/2627/0000001", "ord_1", INDORE, MADURAI, [line(same_state=False)], date(2026, 11, 23))
    assert (away.cgst, away.sgst) == (0, 0)
    assert away.igst + away.taxable == away.total
    assert away.place_of_supply == "33"


def test_goods_without_tax_get_a_bill_of_supply() -> None:
    made = rules.invoice("VAI/2627/0000001", "ord_1", TAMIL, MADURAI, [line(rate_bp=0)], date(2026, 11, 23))
    assert made.kind == "bill_of_supply"
    assert (
        rules.invoice("VAI/2627/0000001", "ord_1", TAMIL, MADURAI, [line()], date(2026, 11, 23)).kind == "tax_invoice"
    )


def test_an_invoice_number_has_at_most_sixteen_letters() -> None:
    assert rules.invoice_number("vaigai-stores", "2026-27", 123) == "VAI/2627/0000123"
    assert len(rules.invoice_number("vaigai-stores", "2026-27", 9_999_999)) == 16
    with pytest.raises(ValueError, match="16 characters"):
        rules.invoice_number("vaigai-stores", "2026-27", 10_000_000)


@pytest.mark.parametrize(
    ("moment", "year"),
    [(datetime(2026, 3, 31, 18, 29, tzinfo=UTC), "2025-26"), (datetime(2026, 3, 31, 18, 30, tzinfo=UTC), "2026-27")],
)
def test_the_financial_year_begins_at_midnight_in_india(moment: datetime, year: str) -> None:
    assert rules.financial_year(moment) == year


def test_delivered_goods_may_come_back_in_time_and_no_more_than_were_bought() -> None:
    found = rules.check_return(order(), {"RICE-5KG": 1}, NOON, NOON + timedelta(days=10), 10)
    assert [(part.quantity, part.gross) for part in found] == [(1, 38_900)]
    for wrong, code in (
        ((order(OrderState.SHIPPED), {"RICE-5KG": 1}, NOON, NOON, 10), "orders.not_delivered"),
        ((order(), {"RICE-5KG": 1}, NOON, NOON + timedelta(days=10, seconds=1), 10), "orders.return_too_late"),
        ((order(), {"RICE-5KG": 3}, NOON, NOON, 10), "orders.cannot_return"),
        ((order(), {"GHEE-1L": 1}, NOON, NOON, 10), "orders.cannot_return"),
        (
            (order(OrderState.DELIVERED, replace(line(), returned=2)), {"RICE-5KG": 1}, NOON, NOON, 10),
            "orders.cannot_return",
        ),
    ):
        with pytest.raises(rules.CannotReturn) as refused:
            rules.check_return(*wrong)
        assert refused.value.of == code
