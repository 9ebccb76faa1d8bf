"""The contract, and what the person on duty does."""

import asyncio
from datetime import date, datetime, timedelta

from prometheus_client import Counter

from mela.contracts.catalog import Line, OutOfStock, PricedLine, ReservationLost, Seller, UnknownSku
from mela.kernel import idempotency, ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.services.catalog.model import Review, StockLevel, Variant
from mela.services.catalog.rules import stock as rules
from mela.services.catalog.service import pages
from mela.services.catalog.service.reference import References
from mela.services.catalog.settings import Settings
from mela.services.catalog.store import changes, load, reviews, samples, shelf, stock

RESERVATIONS = Counter("mela_catalog_reservations_total", "What became of reservations", ["outcome"])


class CatalogService:
    """Keeps the contract `Catalog`."""

    def __init__(self, db: Database, clock: Clock, settings: Settings, references: References) -> None:
        self._db, self._clock, self._settings, self._references = db, clock, settings, references

    async def price(self, *, lines: list[Line], city: str | None, on: date) -> list[PricedLine]:
        """See `Catalog.price`. Raises also: GstRateUnknown."""
        version, variants = await self._db.read(shelf.version_and_variants, {line.sku for line in lines}, city)
        reference = await self._references.at(version)
        for line in lines:
            if line.sku not in variants:
                raise UnknownSku(sku=line.sku)
        return [_priced(v := variants[line.sku], line.quantity, reference.tax(v, on).rate_bp) for line in lines]

    async def reserve(self, *, key: str, lines: list[Line], seconds: int) -> datetime:
        """See `Catalog.reserve`."""
        pieces = rules.pieces(lines)
        try:
            expires = await self._db.run(stock.reserve, key=key, pieces=pieces, now=self._clock.now(), seconds=seconds)
        except OutOfStock:
            RESERVATIONS.labels("out_of_stock").inc()
            raise
        RESERVATIONS.labels("held").inc()
        return expires

    async def commit(self, *, key: str, buyer: str | None = None) -> None:
        """See `Catalog.commit`."""
        try:
            sold = await self._db.run(stock.commit, key=key, buyer=buyer, now=self._clock.now())
        except ReservationLost:
            RESERVATIONS.labels("lost").inc()
            raise
        RESERVATIONS.labels("committed").inc(sold)

    async def release(self, *, key: str) -> None:
        """See `Catalog.release`."""
        RESERVATIONS.labels("released").inc(await self._db.run(stock.release, key=key, now=self._clock.now()))

    async def restock(self, *, key: str, lines: list[Line]) -> None:
        """See `Catalog.restock`."""
        await self._db.run(stock.restock, key=key, pieces=rules.pieces(lines), now=self._clock.now())

    async def sellers(self, *, ids: list[str]) -> list[Seller]:
        """See `Catalog.sellers`."""
        found = await self._db.read(shelf.sellers_by_id, set(ids))
        if missing := [seller for seller in ids if seller not in found]:
            raise NotFound("kernel.not_found", seller_id=missing[0])
        return [found[seller] for seller in ids]

    async def set_price(
        self, *, operator: str, key: str, sku: str, city: str | None, price: Paise, mrp: Paise | None
    ) -> Variant:
        """Change a price, once per key; the variant as it is now.

        Raises: UnknownSku, PriceAboveMrp, GstRateUnknown, KeyReused.
        """
        await self._db.run(
            changes.set_price,
            operator=operator,
            key=key,
            sku=sku,
            city=city,
            price=price,
            mrp=mrp,
            now=self._clock.now(),
        )
        return (await self._db.read(shelf.variants_by_sku, [sku], city))[sku]

    async def receive_stock(self, *, operator: str, key: str, sku: str, quantity: int) -> StockLevel:
        """Goods have come in, once per key; the stock as it is now. Raises: UnknownSku, KeyReused."""
        return await self._db.run(
            changes.receive, operator=operator, key=key, sku=sku, quantity=quantity, now=self._clock.now()
        )

    async def reviews(self, product_id: str, before: str | None, limit: int) -> tuple[list[Review], dict[int, int]]:
        """A page of a product's reviews, newest first, and how many gave how many stars. Raises: UnknownProduct."""
        found = await self._db.read(reviews.of_product, product_id, before, limit)
        return found, await self._db.read(reviews.counts, product_id)

    async def review(
        self, product_id: str, *, customer_id: str, key: str, rating: int, text: str, name: str, language: str
    ) -> Review:
        """Keep what a customer says of a product. Raises: UnknownProduct, ReviewedAlready, TooManyReviews, KeyReused."""
        now = self._clock.now()
        fresh = Review(ids.new_id("rev"), product_id, customer_id, rating, text, name, language, False, now)
        return await self._db.run(reviews.add, fresh, key=key, per_day=self._settings.reviews_per_day)

    async def expire_reservations(self) -> None:
        """Free what ran out, in units of a hundred reservations."""
        while await self._db.read(stock.any_run_out, self._clock.now()):
            RESERVATIONS.labels("expired").inc(await self._db.run(stock.expire, now=self._clock.now()))

    async def forget_keys(self) -> None:
        """Drop Idempotency-Keys that are too old to be repeated."""
        await self._db.run(idempotency.forget, self._clock.now() - timedelta(days=self._settings.key_days))

    async def load_samples(self) -> int:
        """Load the sample data unless this very data was loaded last; how many products were loaded.

        Raises: WrongSamples, naming file and entry.
        """
        fingerprint = samples.fingerprint()
        if await self._db.read(load.loaded) == fingerprint:
            return 0
        read = await asyncio.to_thread(samples.read)
        for unit in await asyncio.to_thread(lambda: list(load.units(read, fingerprint, self._clock.now()))):
            await self._db.run(unit)
        return sum(map(len, read.products.values()))


def _priced(variant: Variant, quantity: int, rate_bp: int) -> PricedLine:
    return PricedLine(
        sku=variant.sku, product_id=variant.product_id, names=pages.full_names(variant), category=variant.category_id,
        seller_id=variant.seller_id, hsn=variant.hsn, unit=variant.unit, gst_rate_bp=rate_bp,
        unit_price=variant.price, quantity=quantity,
    )  # fmt: skip
