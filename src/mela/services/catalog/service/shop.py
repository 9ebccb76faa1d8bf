"""What shoppers read. Every answer is made of one version of the catalogue and of the stock of this moment.

An answer is kept under all that it depends on: the version, what was asked, language, city, day, and what is told of each
piece of stock shown. Version and stock are read for each request, the rest only when the answer is not kept. So nothing
has to be thrown away when something changes, in this process or another: its key is simply not asked for again. What is
read after the version may be newer than it, never older.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from prometheus_client import Counter

from mela.contracts.catalog import UnknownProduct
from mela.kernel import clock
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.services.catalog.model import Entry, Listing, Offer, Promise, Sort, Variant
from mela.services.catalog.rules import cursors, stock
from mela.services.catalog.rules import offers as rules
from mela.services.catalog.rules.delivery import Place
from mela.services.catalog.rules.search import ranking
from mela.services.catalog.service import pages
from mela.services.catalog.service.answers import Answer, Kept, answer
from mela.services.catalog.service.delivery import deliveries
from mela.services.catalog.service.pages import Told
from mela.services.catalog.service.reference import References
from mela.services.catalog.settings import Settings
from mela.services.catalog.store import listing as listings
from mela.services.catalog.store import search, shelf

SEARCHES = Counter("mela_catalog_searches_total", "Searches by outcome", ["outcome"])
MOST_SUGGESTIONS = 8
_BYTES_PER_ENTRY = 200
_PLACE_LENGTH = {Sort.FEATURED: 1, Sort.RELEVANCE: 1, Sort.PRICE_LOW: 2, Sort.PRICE_HIGH: 2, Sort.DISCOUNT: 2}
"""Numbers that say where a product stands: its place, or what it is sorted by and its place."""


@dataclass(frozen=True)
class Asked:
    """A list as it is asked for; equal questions have equal cursors and answers."""

    category: str | None = None
    q: str | None = None
    city: str | None = None
    sort: Sort | None = None
    min_price: int | None = None
    max_price: int | None = None
    limit: int = 24
    cursor: str | None = None

    @property
    def order(self) -> Sort:
        """The sort asked for, else what suits: a search by relevance, a shelf as it is arranged."""
        if self.q is None:
            return Sort.FEATURED if self.sort in (None, Sort.RELEVANCE) else self.sort
        return self.sort or Sort.RELEVANCE

    @property
    def name(self) -> str:
        """Everything that decides which products stand in the list and where; not how many are shown at once."""
        return repr((self.category, self.q, self.city, self.order, self.min_price, self.max_price))


Page = tuple[list[Entry], str | None]


class Shop:
    """Reads for shoppers; nothing here writes."""

    def __init__(self, db: Database, clock: Clock, settings: Settings, references: References) -> None:
        self._db, self._clock, self._settings, self._references = db, clock, settings, references
        self._answers: Kept[Answer] = Kept(settings.cache_bytes)
        self._pages: Kept[Page] = Kept(settings.cache_bytes // 4)

    async def categories(self, lang: str) -> Answer:
        """All categories."""
        version = await self._db.read(shelf.version)
        key = ("categories", version, lang)
        return self._answers.get(key) or self._keep(
            key, pages.categories(await self._references.at(version), lang), lang
        )

    async def product(self, product_id: str, *, city: str | None, lang: str) -> Answer:
        """A product with its variants. Raises: UnknownProduct."""
        version, free = await self._db.read(shelf.version_and_stock, product_id)
        if not free:
            raise UnknownProduct(product_id=product_id)
        reference, on, told = await self._references.at(version), self._today(), self._told(free)
        city = reference.city(city)
        key = ("product", version, product_id, city, lang, on, tuple(told.values()))
        if kept := self._answers.get(key):
            return kept
        variants = [v for v in await self._db.read(shelf.variants_of, product_id, city) if v.sku in told]
        return self._keep(key, pages.product(reference, variants, told, lang=lang, on=on), lang)

    async def products(self, asked: Asked, *, lang: str) -> Answer:
        """A page of products. Raises: BadCursor."""
        version = await self._db.read(shelf.version)
        reference, on = await self._references.at(version), self._today()
        entries, cursor = await self._page(version, asked, reference.city(asked.city))
        if asked.q is not None and asked.cursor is None:
            SEARCHES.labels("found" if entries else "nothing").inc()
        skus = [entry.sku for entry in entries]
        told = self._told(await self._db.read(shelf.free, skus))
        key = ("products", version, asked, lang, on, tuple(told[sku] for sku in skus))
        if kept := self._answers.get(key):
            return kept
        variants = await self._db.read(shelf.variants_by_sku, skus, reference.city(asked.city))
        return self._keep(
            key, pages.products(reference, entries, variants, told, lang=lang, on=on, cursor=cursor), lang
        )

    async def offers(self, *, city: str | None, category: str | None, limit: int, lang: str) -> Answer:
        """What has become cheaper lately and can be had, most first."""
        version, now = await self._db.read(shelf.version), self._clock.now()
        reference, on = await self._references.at(version), clock.india_date(now)
        city = reference.city(city)
        changes = await self._db.read(shelf.price_changes_since, now - rules.LASTS, city)
        variants = await self._db.read(shelf.variants_by_sku, list(changes), city)
        told = self._told(await self._db.read(shelf.free, list(variants)))

        def offer_of(of: Variant) -> Offer | None:
            own = [change for change in changes[of.sku] if change.city == (city or "")]
            return rules.offer(own or changes[of.sku], of.price, now)

        wanted = [of for of in variants.values() if category in (None, of.category_id) and told[of.sku][1] != 0]
        found = [offer for of in wanted if (offer := offer_of(of)) is not None]
        found = sorted(found, key=lambda offer: (-rules.off_bp(offer), offer.sku))[:limit]
        return answer(pages.offers(reference, found, variants, told, lang=lang, on=on), lang)

    def promise(self, *, pin: str | None, city: str | None) -> Promise:
        """When a parcel that is ordered today arrives, by PIN code or by city. Raises: UnknownPlace."""
        return deliveries().promise(pin or deliveries().pin_of(city or ""), self._today())

    def places(self) -> list[Place]:
        """Cities known by name."""
        return list(deliveries().places.values())

    async def suggestions(self, q: str, *, lang: str) -> Answer:
        """Names of products that the words, the last one perhaps unfinished, lead to; in the language that was typed."""
        version = await self._db.read(shelf.version)
        key = ("suggestions", version, q, lang)
        if kept := self._answers.get(key):
            return kept
        vocabulary = await self._references.vocabulary()
        groups = vocabulary.groups(q)
        found = ranking.rank(vocabulary, groups, await self._db.read(search.candidates, groups))[:MOST_SUGGESTIONS]
        names = await self._db.read(shelf.product_names, [document.product_id for document in found])
        items = [
            {"product_id": d.product_id, "text": names[d.product_id][ranking.typed_language(groups, d, lang)]}
            for d in found
        ]
        return self._keep(key, {"items": items, "next_cursor": None}, lang)

    async def _page(self, version: int, asked: Asked, city: str | None) -> Page:
        """The products of a page and the cursor of the next."""
        if kept := self._pages.get((version, asked)):
            return kept
        after = cursors.read(asked.cursor, asked.name, length=_PLACE_LENGTH[asked.order]) if asked.cursor else ()
        found = None if asked.q is None else await self._found(asked.q)
        listing = Listing(asked.category, city, asked.order, asked.min_price, asked.max_price, found)
        entries = await self._entries(listing, after, asked.limit + 1)
        more, entries = len(entries) > asked.limit, entries[: asked.limit]
        cursor = cursors.write(_place(entries[-1], asked.order), asked.name) if more else None
        return self._pages.put((version, asked), (entries, cursor), _BYTES_PER_ENTRY * len(entries))

    async def _entries(self, listing: Listing, after: tuple[int, ...], limit: int) -> list[Entry]:
        if listing.sort is not Sort.RELEVANCE or listing.found is None:
            return await self._db.read(listings.entries, listing, after=after, limit=limit)
        whole = await self._db.read(listings.entries, listing, after=(), limit=search.MOST_CANDIDATES)
        rank = {product_id: number for number, product_id in enumerate(listing.found, 1)}
        placed = sorted((entry.placed(rank[entry.product_id]) for entry in whole), key=lambda entry: entry.place)
        return [entry for entry in placed if not after or entry.place > after[0]][:limit]

    async def _found(self, q: str) -> tuple[str, ...]:
        vocabulary = await self._references.vocabulary()
        groups = vocabulary.groups(q)
        documents = await self._db.read(search.candidates, groups)
        return tuple(document.product_id for document in ranking.rank(vocabulary, groups, documents))

    def _told(self, free: Mapping[str, int]) -> dict[str, Told]:
        return {sku: stock.told(pieces, self._settings.few_left) for sku, pieces in free.items()}

    def _today(self) -> date:
        return clock.india_date(self._clock.now())

    def _keep(self, key: Sequence[object], value: pages.Json, lang: str) -> Answer:
        made = answer(value, lang)
        return self._answers.put(tuple(key), made, len(made.body))


def _place(entry: Entry, order: Sort) -> tuple[int, ...]:
    return (entry.key, entry.place)[-_PLACE_LENGTH[order] :]
