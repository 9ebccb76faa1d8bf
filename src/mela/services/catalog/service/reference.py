"""What nearly every answer needs and seldom changes, read once per version: small tables, the words of the index."""

import asyncio

from mela.kernel.db import Database
from mela.services.catalog.rules.reference import Reference
from mela.services.catalog.rules.search.documents import synonyms
from mela.services.catalog.rules.search.vocabulary import Vocabulary
from mela.services.catalog.store import load, samples, search, shelf


class References:
    """The newest that this process has read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._newest: Reference | None = None
        self._vocabulary: Vocabulary | None = None
        self._indexed = ""
        self._meaning = synonyms(samples.synonyms())

    async def at(self, version: int) -> Reference:
        """The small tables of a version that was read just now, or of a later one."""
        if self._newest is None or self._newest.version != version:
            self._newest = await self._db.read(shelf.reference)
        return self._newest

    async def vocabulary(self) -> Vocabulary:
        """The words of the search index, which changes only when sample data is loaded."""
        loaded = await self._db.read(load.loaded)
        if self._vocabulary is None or self._indexed != loaded:
            words, products = await self._db.read(search.vocabulary)
            self._vocabulary = await asyncio.to_thread(Vocabulary, words, products=products, meaning=self._meaning)
            self._indexed = loaded
        return self._vocabulary
