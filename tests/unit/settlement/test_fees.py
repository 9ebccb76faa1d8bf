"""Every paisa of a sale has a place, and a reversal gives each of them back."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.contracts.orders import SoldLine
from mela.kernel import money
from mela.kernel.money import Paise
from mela.services.settlement.model import DEDUCTIONS, HEADS, Amounts, EntryKind, EntryLine
from mela.services.settlement.rules import fees, rates
from mela.services.settlement.rules.fees import ReversalTooLarge

DAY = date(2026, 11, 23)
SINCE = date(2025, 1, 1)
RATES = {
    "commission:grocery": [rates.Dated(400, SINCE, None)],
    "commission:fashion": [rates.Dated(1500, SINCE, None)],
    "commission_gst": [rates.Dated(1800, SINCE, None)],
    "tcs": [rates.Dated(50, SINCE, None)],
    "tds": [rates.Dated(10, SINCE, None)],
}


def sold(gross: int, rate_bp: int = 500, category: str = "grocery", quantity: int = 1) -> SoldLine:
    taxable, tax = money.tax_from_inclusive(Paise(gross), rate_bp)
    return SoldLine("SKU", "seller", category, quantity, Paise(gross), taxable, tax)


lines = st.builds(
    sold, st.integers(0, 10**10), st.sampled_from([0, 500, 1800, 4000]), st.sampled_from(["grocery", "fashion"])
)


@st.composite
def parts_of(draw: st.DrawFn, whole: SoldLine) -> list[SoldLine]:
    """A line cut into parts anyhow: each with gross = taxable + tax, and all together the line."""
    cuts = draw(st.integers(0, 4))
    taxable = sorted(draw(st.lists(st.integers(0, whole.taxable), min_size=cuts, max_size=cuts)))
    tax = sorted(draw(st.lists(st.integers(0, whole.tax), min_size=cuts, max_size=cuts)))
    pairs = zip(pairwise([0, *taxable, whole.taxable]), pairwise([0, *tax, whole.tax]), strict=True)
    return [
        SoldLine("SKU", "seller", whole.category, 1, Paise(b - a + d - c), Paise(b - a), Paise(d - c))
        for (a, b), (c, d) in pairs
    ]


def reverse(line: EntryLine, parts: list[SoldLine]) -> list[EntryLine]:
    """All parts of a line come back, one after another."""
    before, taken = 0, []
    for part in parts:
        taken.append(fees.reversal_line(line, Paise(before), part))
        before += part.gross
    return taken


def assert_adds_up(amounts: Amounts) -> None:
    assert amounts.gross == amounts.taxable + amounts.tax
    assert amounts.gross == amounts.net + sum(getattr(amounts, head) for head in DEDUCTIONS)


def test_sale_of_858_rupees_is_computed_as_by_hand() -> None:
    amounts = fees.sale_line(sold(85_800), DAY, RATES).amounts
    assert vars(amounts) == {
        "gross": 85_800, "taxable": 81_714, "tax": 4_086, "commission": 3_432, "commission_gst": 618, "tcs": 409,
        "tds": 86, "net": 81_255,
    }  # fmt: skip


def test_nil_rated_line_has_no_tcs() -> None:
    assert fees.sale_line(sold(85_800, rate_bp=0), DAY, RATES).amounts.tcs == 0


@given(lines)
def test_heads_of_a_sale_add_up(line: SoldLine) -> None:
    assert_adds_up(fees.sale_line(line, DAY, RATES).amounts)


@given(st.data(), lines)
def test_all_parts_of_a_reversal_are_the_sale_with_signs_turned(data: st.DataObject, line: SoldLine) -> None:
    sale = fees.sale_line(line, DAY, RATES)
    taken = reverse(sale, data.draw(parts_of(line)))
    for part in taken:
        assert_adds_up(part.amounts)
        assert all(getattr(part.amounts, head) <= 0 for head in (*DEDUCTIONS, "gross", "taxable", "tax"))
    assert set(vars(fees.total([sale.amounts, *(part.amounts for part in taken)])).values()) == {0}


@given(st.data(), lines)
def test_transfers_carry_exactly_the_gross_out_of_escrow_and_back(data: st.DataObject, line: SoldLine) -> None:
    sale = fees.sale_line(line, DAY, RATES)
    balances: dict[str, int] = {}
    back = [(EntryKind.REVERSAL, part.amounts) for part in reverse(sale, data.draw(parts_of(line)))]
    for kind, amounts in [(EntryKind.SALE, sale.amounts), *back]:
        before = balances.get("escrow", 0)
        for transfer in fees.transfers("s", kind, amounts):
            assert transfer.amount > 0
            balances[transfer.debit] = balances.get(transfer.debit, 0) + transfer.amount
            balances[transfer.credit] = balances.get(transfer.credit, 0) - transfer.amount
        assert balances.get("escrow", 0) - before == amounts.gross
    assert set(balances.values()) <= {0}


def test_more_than_was_sold_cannot_come_back() -> None:
    sale = fees.sale_line(sold(85_800), DAY, RATES)
    with pytest.raises(ReversalTooLarge):
        fees.reversal_line(sale, Paise(1), sold(85_800))


@given(st.lists(lines, max_size=5))
def test_total_is_the_sum_under_each_head(many: list[SoldLine]) -> None:
    amounts = [fees.sale_line(line, DAY, RATES).amounts for line in many]
    total = fees.total(amounts)
    assert {head: getattr(total, head) for head in HEADS} == {h: sum(getattr(a, h) for a in amounts) for h in HEADS}
    assert_adds_up(total)


def test_payout_moves_the_sellers_balance_to_the_bank() -> None:
    (before,), (after,) = fees.reserved("kaveri-traders", Paise(100)), fees.paid_out(Paise(100))
    assert (before.debit, before.credit, before.amount) == ("seller:kaveri-traders", fees.SENDING, 100)
    assert (after.debit, after.credit, after.amount) == (fees.SENDING, "bank", 100)


@given(st.lists(st.integers(-1_000, 1_000), max_size=12), st.integers(-100, 5_000))
def test_the_oldest_entries_are_paid_that_fit_beside_what_is_withheld(nets: list[int], most: int) -> None:
    due = [(str(n), net) for n, net in enumerate(nets)]
    chosen, amount = fees.beside(due, most)
    assert amount == sum(nets[int(name)] for name in chosen)
    assert chosen == sorted(chosen, key=int)
    assert amount <= max(most, 0)
    assert all(net > 0 and amount + net > most for name, net in due if name not in chosen)


def test_what_is_owed_is_taken_first_and_then_the_oldest_that_fit() -> None:
    assert fees.beside([("a", 50), ("b", 40), ("c", 10), ("owed", -20)], 45) == (["a", "c", "owed"], 40)
