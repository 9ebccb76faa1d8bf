"""A statement as text leaves out what is nothing, and aligns what is there."""

from datetime import UTC, date, datetime

from mela.kernel.money import Paise
from mela.services.settlement.model import Amounts, Entry, EntryKind, EntryLine, Statement
from mela.services.settlement.rules import statement

NIL_RATED = Amounts(*map(Paise, (6_000, 6_000, 0, 360, 65, 0, 6, 5_569)))


def say(key: str, /, **params: object) -> str:
    """The key and its parameters."""
    return " ".join([key, *map(str, params.values())])


def made(amounts: Amounts, carried: int) -> Statement:
    line = EntryLine("NOTEBOOK", "books", 1, amounts)
    day = date(2026, 11, 23)
    entry = Entry(
        "ent_1",
        "evt_1",
        "ord_1",
        "ord_1",
        "s",
        EntryKind.SALE,
        day,
        datetime(2026, 11, 23, tzinfo=UTC),
        amounts,
        (line,),
    )
    return Statement("s", "Seller", date(2026, 11, 25), (entry,), amounts, None, Paise(carried))


def test_head_without_an_amount_is_left_out() -> None:
    text = statement.text(made(NIL_RATED, 5_569), say, "en")
    assert "commission_gst" in text
    assert "tcs" not in text


def test_amounts_end_in_one_column() -> None:
    rows = [row for row in statement.text(made(NIL_RATED, 5_569), say, "en").splitlines() if row.startswith("  ")]
    assert len(rows) == 10
    assert {row.index("  ", row.index("₹")) for row in rows} == {statement.WIDTH}


def test_day_without_payout_says_what_is_carried_forward_even_when_it_is_nothing() -> None:
    assert statement.text(made(NIL_RATED, 0), say, "en").splitlines()[-1] == "carried ₹0.00"
