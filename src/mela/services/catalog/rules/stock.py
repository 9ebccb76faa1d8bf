"""Stock in the words a shopper is told."""

from collections.abc import Iterable

from mela.contracts.catalog import Line
from mela.kernel.errors import Invalid
from mela.services.catalog.model import StockBand


def pieces(lines: Iterable[Line]) -> dict[str, int]:
    """Pieces by sku, equal skus added up, in the order of the skus: whoever takes several takes them in this order.

    Raises: Invalid for a quantity below 1 and for no lines at all.
    """
    total: dict[str, int] = {}
    for line in lines:
        if line.quantity < 1:
            raise Invalid([{"field": f"lines.{line.sku}.quantity", "reason": "at least one piece"}])
        total[line.sku] = total.get(line.sku, 0) + line.quantity
    if not total:
        raise Invalid([{"field": "lines", "reason": "at least one line"}])
    return dict(sorted(total.items()))


def told(free: int, few: int) -> tuple[StockBand, int | None]:
    """What is said of `free` pieces: the number itself only when there are at most `few`."""
    if free <= 0:
        return StockBand.OUT_OF_STOCK, 0
    return (StockBand.FEW_LEFT, free) if free <= few else (StockBand.IN_STOCK, None)
