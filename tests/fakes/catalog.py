"""A catalogue in memory that keeps the contract: five skus of two sellers, honest stock, nothing saved."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from mela.contracts.catalog import Line, OutOfStock, PricedLine, ReservationLost, Seller, UnknownSku
from mela.kernel.clock import Clock, SystemClock
from mela.kernel.errors import Invalid, NotFound
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise

_TABLE = [
    ("RICE-5KG", "Rice, 5 kg", "चावल, 5 किग्रा", "grocery", "madurai-stores", "100630", "BAG", 500, 38_900),
    ("GHEE-1L", "Ghee, 1 litre", "घी, 1 लीटर", "grocery", "madurai-stores", "040590", "BTL", 500, 67_500),
    ("PHONE-128", "Phone, 128 GB", "फ़ोन, 128 GB", "mobiles", "indore-traders", "851713", "NOS", 1800, 14_99_900),
    ("SAREE-RED", "Saree, red", "साड़ी, लाल", "fashion", "indore-traders", "520852", "PCS", 500, 1_89_900),
    ("NOTEBOOK", "Notebook", "नोटबुक", "books", "madurai-stores", "482020", "PCS", 0, 6_000),
]
GOODS = [
    PricedLine(
        sku=sku, product_id=sku.lower(), names={"en": name, "hi": hindi, "ta": name, "te": name, "kn": name},
        category=category, seller_id=seller, hsn=hsn, unit=unit, gst_rate_bp=rate_bp, unit_price=Paise(price), quantity=1,
    )
    for sku, name, hindi, category, seller, hsn, unit, rate_bp, price in _TABLE
]  # fmt: skip
SELLERS = [
    Seller("madurai-stores", "Madurai Stores (test)", "33AAAAA0000A1Z9", "33", "1 Test Street, Madurai", "625001"),
    Seller("indore-traders", "Indore Traders (test)", "23AAAAA0000A1ZA", "23", "2 Test Road, Indore", "452001"),
]


@dataclass
class _Held:
    pieces: dict[str, int]
    expires: datetime
    state: str = "held"


@dataclass
class FakeCatalog:
    """Keeps `Catalog`. `on_hand`: pieces by sku; those of a reservation that ran out are free again at that very moment."""

    clock: Clock = field(default_factory=SystemClock)
    on_hand: dict[str, int] = field(default_factory=lambda: {goods.sku: 10 for goods in GOODS})
    goods: dict[str, PricedLine] = field(default_factory=lambda: {goods.sku: goods for goods in GOODS})
    reservations: dict[str, _Held] = field(default_factory=dict)
    restocked: set[str] = field(default_factory=set)

    def free(self, sku: str) -> int:
        """Pieces that nobody holds."""
        self._expire()
        held = [r.pieces.get(sku, 0) for r in self.reservations.values() if r.state == "held"]
        return self.on_hand[sku] - sum(held)

    async def price(self, *, lines: list[Line], city: str | None, on: date) -> list[PricedLine]:
        """See `Catalog.price`: one price for all cities and days."""
        for line in lines:
            self._known(line.sku)
        return [replace(self.goods[line.sku], quantity=line.quantity) for line in lines]

    async def reserve(self, *, key: str, lines: list[Line], seconds: int) -> datetime:
        """See `Catalog.reserve`."""
        pieces = _pieces(lines)
        if before := self.reservations.get(key):
            if before.state == "released":
                raise ReservationLost(key=key)
            if before.pieces != pieces:
                raise KeyReused
            return before.expires
        for sku, quantity in pieces.items():
            self._known(sku)
            if self.free(sku) < quantity:
                raise OutOfStock(sku=sku, left=self.free(sku))
        expires = self.clock.now() + timedelta(seconds=seconds)
        self.reservations[key] = _Held(pieces, expires)
        return expires

    async def commit(self, *, key: str, buyer: str | None = None) -> None:
        """See `Catalog.commit`."""
        self._expire()
        known = self.reservations.get(key)
        if known is None or known.state == "released":
            raise ReservationLost(key=key)
        if known.state == "committed":
            return
        if known.state == "expired" and any(self.free(sku) < n for sku, n in known.pieces.items()):
            raise ReservationLost(key=key)
        known.state = "committed"
        for sku, quantity in known.pieces.items():
            self.on_hand[sku] -= quantity

    async def release(self, *, key: str) -> None:
        """See `Catalog.release`."""
        known = self.reservations.setdefault(key, _Held({}, self.clock.now(), "released"))
        if known.state == "committed":
            for sku, quantity in known.pieces.items():
                self.on_hand[sku] += quantity
        known.state = "released"

    async def restock(self, *, key: str, lines: list[Line]) -> None:
        """See `Catalog.restock`."""
        pieces = _pieces(lines)
        for sku in pieces:
            self._known(sku)
        if key not in self.restocked:
            self.restocked.add(key)
            for sku, quantity in pieces.items():
                self.on_hand[sku] += quantity

    async def sellers(self, *, ids: list[str]) -> list[Seller]:
        """See `Catalog.sellers`."""
        found = {seller.id: seller for seller in SELLERS}
        if missing := [seller for seller in ids if seller not in found]:
            raise NotFound("kernel.not_found", seller_id=missing[0])
        return [found[seller] for seller in ids]

    def _known(self, sku: str) -> None:
        if sku not in self.goods:
            raise UnknownSku(sku=sku)

    def _expire(self) -> None:
        now = self.clock.now()
        for known in self.reservations.values():
            if known.state == "held" and known.expires <= now:
                known.state = "expired"


def _pieces(lines: list[Line]) -> dict[str, int]:
    total: dict[str, int] = {}
    for line in lines:
        total[line.sku] = total.get(line.sku, 0) + line.quantity
    if not total or min(line.quantity for line in lines) < 1:
        raise Invalid([{"field": "lines", "reason": "at least one line of at least one piece"}])
    return dict(sorted(total.items()))
