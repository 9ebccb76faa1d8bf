"""Stock as a shopper is told, settings, and ready answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.contracts.catalog import Line
from mela.kernel.errors import Invalid
from mela.services.catalog.model import StockBand
from mela.services.catalog.rules import stock
from mela.services.catalog.service.answers import OVERHEAD, Kept, answer, is_known
from mela.services.catalog.settings import Settings


@given(st.integers(-5, 1000), st.integers(0, 20))
def test_the_number_is_told_only_when_it_is_small(free: int, few: int) -> None:
    band, left = stock.told(free, few)
    assert (band is StockBand.OUT_OF_STOCK) == (free <= 0)
    assert left == (None if free > few and free > 0 else max(free, 0))


def test_equal_skus_add_up_in_the_order_of_skus() -> None:
    assert list(stock.pieces([Line("B", 1), Line("A", 2), Line("B", 3)]).items()) == [("A", 2), ("B", 4)]


@pytest.mark.parametrize("lines", [[], [Line("A", 0)], [Line("A", 1), Line("B", -1)]])
def test_a_line_has_at_least_one_piece(lines: list[Line]) -> None:
    with pytest.raises(Invalid):
        stock.pieces(lines)


@pytest.mark.parametrize("values", [{"few_left": -1}, {"cache_bytes": -1}, {"expire_every_s": 0.0}, {"key_days": 0}])
def test_settings_out_of_bounds_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Settings(**values)  # type: ignore[arg-type]


def test_equal_answers_have_equal_tags() -> None:
    assert answer({"a": 1}, "en").etag == answer({"a": 1}, "hi").etag != answer({"a": 2}, "en").etag


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ("", False), ('"x"', False), ("*", True), ('W/{tag}, "x"', True), ("{tag}", True)],
)
def test_a_client_may_name_several_answers_that_it_has(header: str | None, known: bool) -> None:
    ready = answer({"a": 1}, "en")
    assert is_known(ready, header.format(tag=ready.etag) if header else header) is known


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 500)), max_size=60), st.integers(0, 4_000))
def test_what_is_kept_stays_within_its_bytes(puts: list[tuple[int, int]], limit: int) -> None:
    kept: Kept[int] = Kept(limit)
    for key, size in puts:
        assert kept.put(key, size, size) == size
        assert kept._size == sum(cost for _, cost in kept._values.values()) <= limit
        assert kept.get(key) == (size if size + OVERHEAD <= limit else kept.get(key))


def test_the_least_recently_used_goes_first() -> None:
    kept: Kept[str] = Kept(2 * OVERHEAD)
    kept.put("a", "A", 0)
    kept.put("b", "B", 0)
    assert kept.get("a") == "A"
    kept.put("c", "C", 0)
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]
