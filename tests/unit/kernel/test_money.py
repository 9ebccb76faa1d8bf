"""Money: figures, shares and taxes. Words have a file of their own."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import i18n, money
from mela.kernel.money import InvalidAmount, Paise, figures

amounts = st.integers(-figures.LARGEST, figures.LARGEST).map(Paise)
rates_bp = st.integers(0, 10_000)
heads = st.sampled_from([1, 2])
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("paise", "written"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (99_900, "₹999.00"),
        (1_00_000, "₹1,000.00"),
        (1_00_00_000, "₹1,00,000.00"),
        (10_00_00_000, "₹10,00,000.00"),
        (1_23_45_678_90, "₹1,23,45,678.90"),
        (-5_00, "-₹5.00"),
        (99_99_99_99_999_99, "₹99,99,99,99,999.99"),
    ],
)
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_rupees_are_grouped_by_three_then_by_twos_in_every_language(paise: int, written: str, lang: str) -> None:
    assert money.rupees(Paise(paise), lang) == written


def test_trim_drops_only_whole_rupees_paise() -> None:
    assert (money.rupees(Paise(5_00), trim=True), money.rupees(Paise(5_50), trim=True)) == ("₹5", "₹5.50")


@given(amounts, st.booleans())
def test_what_is_written_reads_back(amount: Paise, trim: bool) -> None:
    assert money.parse_rupees(money.rupees(amount, trim=trim), signed=True) == amount


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("1,23,456.50", 1_23_456_50),
        ("₹ 99", 99_00),
        ("₹99", 99_00),
        (" 99.5 ", 99_50),
        ("0", 0),
        ("0.05", 5),
        ("123456", 1_23_456_00),
        ("12,345", 12_345_00),
        ("१,२३,४५६.५०", 1_23_456_50),
        ("௧௨௩", 123_00),
        ("౧౨౩", 123_00),
        ("೧೨೩.೫", 123_50),
    ],
)
def test_what_people_type_is_read(text: str, paise: int) -> None:
    assert money.parse_rupees(text) == paise


@pytest.mark.parametrize(
    "text",
    [
        "",
        "₹",
        ".5",
        "5.",
        "5.005",
        "1.2.3",
        "123,456",
        "1,2,345",
        "1,23,45",
        "1,234,567",
        ",123",
        "0,123",
        "007",
        "1e3",
        "0x10",
        "1_000",
        "1 000",
        "Rs 5",
        "$5",
        "5 lakh",
        "nan",
        "-5",
        "+5",
        "٥",
        "５",
        "5\n6",
        "1" * 41,
        "1,00,00,00,00,000",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        money.parse_rupees(text)


@pytest.mark.parametrize(("text", "paise"), [("-5", -5_00), ("+5", 5_00), ("-₹5.00", -5_00), ("- ₹ 5", -5_00)])
def test_a_sign_is_read_where_it_is_allowed(text: str, paise: int) -> None:
    assert money.parse_rupees(text, signed=True) == paise


@pytest.mark.parametrize("value", [99.5, 99, None, b"9"])
def test_only_texts_are_read_as_amounts(value: object) -> None:
    with pytest.raises(TypeError):
        money.parse_rupees(value)  # type: ignore[arg-type]


@given(st.text(alphabet="0123456789,.₹-+ e०௧", max_size=20) | st.text(max_size=20))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        amount = money.parse_rupees(text, signed=True)
    except InvalidAmount:
        return
    assert abs(amount) <= figures.LARGEST


@pytest.mark.parametrize(
    ("paise", "written"),
    [
        (0, "₹0"),
        (-40, "₹0"),
        (45_230_49, "₹45,230"),
        (99_999_49, "₹99,999"),
        (99_999_50, "₹1 lakh"),
        (1_01_000_00, "₹1.01 lakh"),
        (2_50_000_00, "₹2.5 lakh"),
        (99_99_499_99, "₹99.99 lakh"),
        (99_99_500_00, "₹1 crore"),
        (-2_50_00_000_00, "-₹2.5 crore"),
        (1234_50_00_000_00, "₹1,234.5 crore"),
    ],
)
def test_compact_counts_in_lakh_and_crore(paise: int, written: str) -> None:
    assert money.compact(Paise(paise)) == written


@pytest.mark.parametrize(
    ("lang", "one_lakh", "lakhs", "crores"),
    [
        ("hi", "₹1 लाख", "₹2.5 लाख", "₹2.5 करोड़"),
        ("ta", "₹1 லட்சம்", "₹2.5 லட்சம்", "₹2.5 கோடி"),
        ("te", "₹1 లక్ష", "₹2.5 లక్షలు", "₹2.5 కోట్లు"),
        ("kn", "₹1 ಲಕ್ಷ", "₹2.5 ಲಕ್ಷ", "₹2.5 ಕೋಟಿ"),
    ],
)
def test_compact_speaks_the_language_and_never_millions(lang: str, one_lakh: str, lakhs: str, crores: str) -> None:
    shown = [money.compact(Paise(paise), lang) for paise in (1_00_000_00, 2_50_000_00, 2_50_00_000_00)]
    assert shown == [one_lakh, lakhs, crores]


@given(amounts)
def test_compact_is_off_by_at_most_half_of_its_last_digit(amount: Paise) -> None:
    figure, _, unit = money.compact(amount).partition(" ")
    size = {"": 1, "lakh": 1_00_000, "crore": 1_00_00_000}[unit]
    shown = Fraction(figure.replace("₹", "").replace(",", "")) * size * 100
    assert abs(shown - amount) <= (50 if size == 1 else size // 2)


@given(amounts, weights)
def test_shares_add_up_to_the_paisa(total: Paise, parts: list[int]) -> None:
    assert sum(money.allocate(total, parts)) == total


@given(amounts, weights)
def test_each_share_is_its_proportion_rounded_down_or_up(total: Paise, parts: list[int]) -> None:
    for share, weight in zip(money.allocate(total, parts), parts, strict=True):
        assert abs(share - Fraction(total * weight, sum(parts))) < 1


@given(amounts, weights)
def test_a_greater_weight_never_gets_less(total: Paise, parts: list[int]) -> None:
    by_weight = sorted(zip(parts, map(abs, money.allocate(total, parts)), strict=True))
    assert all(one[1] <= other[1] for one, other in pairwise(by_weight) if one[0] < other[0])


@given(amounts, weights)
def test_a_refund_is_shared_as_its_charge(total: Paise, parts: list[int]) -> None:
    assert money.allocate(Paise(-total), parts) == [-share for share in money.allocate(total, parts)]


def test_of_equal_remainders_the_earlier_gets_the_paisa() -> None:
    assert money.allocate(Paise(100_00), [1, 1, 1]) == [33_34, 33_33, 33_33]
    assert money.allocate(Paise(-2), [1, 1, 1]) == [-1, -1, 0]


def test_a_weight_of_zero_gets_nothing() -> None:
    assert money.allocate(Paise(1_01), [0, 1, 0, 1]) == [0, 51, 0, 50]


@pytest.mark.parametrize("parts", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_shares_by_nothing_are_refused(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.allocate(Paise(100), parts)


@pytest.mark.parametrize(
    ("gross", "rate_bp", "taxable", "tax"),
    [
        (118_00, 1800, 100_00, 18_00),
        (999_00, 1800, 846_61, 152_39),
        (105_00, 500, 100_00, 5_00),
        (1, 4000, 1, 0),
        (2, 4000, 1, 1),
        (0, 1800, 0, 0),
        (500_00, 0, 500_00, 0),
        (-118_00, 1800, -100_00, -18_00),
    ],
)
def test_an_inclusive_price_holds_its_tax(gross: int, rate_bp: int, taxable: int, tax: int) -> None:
    assert money.tax_from_inclusive(Paise(gross), rate_bp) == (taxable, tax)


@pytest.mark.parametrize(
    ("taxable", "rate_bp", "tax"), [(100_00, 1800, 18_00), (25, 200, 1), (24, 200, 0), (-25, 200, -1), (1_00, 25, 0)]
)
def test_an_exclusive_price_gains_its_tax_with_halves_up(taxable: int, rate_bp: int, tax: int) -> None:
    assert money.tax_on_exclusive(Paise(taxable), rate_bp) == tax


@given(amounts, rates_bp, heads)
def test_taxable_value_and_tax_make_the_inclusive_price(gross: Paise, rate_bp: int, heads: int) -> None:
    taxable, tax = money.tax_from_inclusive(gross, rate_bp, heads)
    assert taxable + tax == gross


@given(amounts, rates_bp)
def test_two_heads_of_tax_are_alike(amount: Paise, rate_bp: int) -> None:
    for tax in (money.tax_from_inclusive(amount, rate_bp, 2)[1], money.tax_on_exclusive(amount, rate_bp, 2)):
        central, state = money.split_cgst_sgst(tax)
        assert central == state


def test_two_heads_are_rounded_apart() -> None:
    assert money.tax_from_inclusive(Paise(999_00), 1800, heads=2) == (846_62, 152_38)
    assert money.tax_on_exclusive(Paise(50), 500, heads=2) == 2
    assert money.tax_on_exclusive(Paise(50), 500) == 3


@given(amounts, rates_bp, heads)
def test_taxing_the_taxable_value_again_is_off_by_a_paisa_a_head(gross: Paise, rate_bp: int, heads: int) -> None:
    taxable, tax = money.tax_from_inclusive(gross, rate_bp, heads)
    assert abs(money.tax_on_exclusive(taxable, rate_bp, heads) - tax) <= heads


@given(amounts, rates_bp, heads)
def test_adding_tax_and_taking_it_out_again_is_exact(taxable: Paise, rate_bp: int, heads: int) -> None:
    tax = money.tax_on_exclusive(taxable, rate_bp, heads)
    assert money.tax_from_inclusive(Paise(taxable + tax), rate_bp, heads) == (taxable, tax)


@given(amounts, rates_bp)
def test_a_refunds_tax_mirrors_the_charges(amount: Paise, rate_bp: int) -> None:
    assert money.tax_on_exclusive(Paise(-amount), rate_bp) == -money.tax_on_exclusive(amount, rate_bp)
    assert money.tax_from_inclusive(Paise(-amount), rate_bp)[1] == -money.tax_from_inclusive(amount, rate_bp)[1]


def test_a_negative_rate_is_refused() -> None:
    for taxed in (money.tax_on_exclusive, money.tax_from_inclusive):
        with pytest.raises(ValueError, match="below zero"):
            taxed(Paise(100), -1)


@given(amounts)
def test_both_halves_of_a_tax_make_it_and_differ_by_a_paisa_at_most(tax: Paise) -> None:
    central, state = money.split_cgst_sgst(tax)
    assert central + state == tax
    assert 0 <= abs(central) - abs(state) <= 1


@pytest.mark.parametrize(
    ("amount", "bp", "part"), [(10_000, 250, 250), (50, 100, 1), (49, 100, 0), (-50, 100, -1), (333, 3333, 111)]
)
def test_percent_rounds_halves_away_from_zero(amount: int, bp: int, part: int) -> None:
    assert money.percent(Paise(amount), bp) == part


@pytest.mark.parametrize(
    ("amount", "rounded", "added"),
    [(149, 100, -49), (150, 200, 50), (100, 100, 0), (-150, -200, -50), (-149, -100, 49), (49, 0, -49)],
)
def test_fifty_paise_round_to_the_next_rupee(amount: int, rounded: int, added: int) -> None:
    assert money.round_to_rupee(Paise(amount)) == (rounded, added)


@given(amounts)
def test_rounding_says_what_it_added(amount: Paise) -> None:
    rounded, added = money.round_to_rupee(amount)
    assert rounded == amount + added
    assert rounded % 100 == 0
    assert abs(added) <= 50
