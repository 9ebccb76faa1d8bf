"""The search index in the database: finding the products that hold words, and the words there are.

SQLite keeps an FTS5 table, PostgreSQL a `tsvector` with a GIN index. Both get the words already split and spelled by
`rules.search.words`, so neither breaks an Indic word at its vowel signs: FTS5 is told to keep marks, and PostgreSQL takes
the words as they are, without a parser. Ranking is not theirs: `rules.search.ranking` is the same for both.

Source: https://www.sqlite.org/fts5.html, https://www.postgresql.org/docs/15/textsearch-features.html (2026-11-23).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, String, bindparam, column, delete, func, insert, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY

from mela.services.catalog.rules.search.documents import Document
from mela.services.catalog.rules.search.vocabulary import Group, Word
from mela.services.catalog.rules.search.words import latin
from mela.services.catalog.tables import search_documents, search_words

MOST_CANDIDATES = 200
"""Products that are ranked for one query; of more, those that come first in the catalogue."""

_INDEX = table("search_index", column("product_id"), column("body"), column("words"))
_FIND = {
    "sqlite": "select product_id from search_index where search_index match :words",
    "postgresql": "select product_id from search_index where words @@ cast(:words as tsquery)",
}
_OPERATORS = {"sqlite": (" AND ", " OR ", '"'), "postgresql": (" & ", " | ", "'")}


def rebuild(conn: Connection, documents: Iterable[Document]) -> None:
    """Replace the whole index."""
    whole = list(documents)
    for known in (_INDEX, search_documents, search_words):
        conn.execute(delete(known))
    if not whole:
        return
    conn.execute(insert(search_documents), [vars(d) for d in whole])
    conn.execute(insert(search_words), _words(whole))
    if conn.dialect.name == "postgresql":
        values = {
            "product_id": bindparam("id"),
            "words": func.array_to_tsvector(bindparam("found", type_=ARRAY(String))),
        }
        conn.execute(insert(_INDEX).values(values), [{"id": d.product_id, "found": list(d.weights)} for d in whole])
    else:
        rows = [{"product_id": d.product_id, "body": " ".join(d.weights)} for d in whole]
        conn.execute(insert(_INDEX).values(product_id=bindparam("product_id"), body=bindparam("body")), rows)


def candidates(conn: Connection, groups: Sequence[Group]) -> list[Document]:
    """Products with a word of each group; when there are none, with a word of any."""
    if not groups:
        return []
    return _find(conn, groups, every=True) or _find(conn, groups, every=False)


def vocabulary(conn: Connection) -> tuple[list[Word], int]:
    """All words of the index, and how many products it holds."""
    found = [Word(*row) for row in conn.execute(select(search_words).order_by(search_words.c.word))]
    return found, conn.execute(select(func.count()).select_from(search_documents)).scalar_one()


def _find(conn: Connection, groups: Sequence[Group], *, every: bool) -> list[Document]:
    both, either, quote = _OPERATORS[conn.dialect.name]
    written = [either.join(f"{quote}{word}{quote}" for word in group) for group in groups]
    query = (both if every else either).join(f"({group})" for group in written)
    rows = conn.execute(_finding(conn.dialect.name), {"words": query})
    return [Document(*row) for row in rows]


@cache
def _finding(dialect: str) -> Select[Any]:
    """The statement that takes a full-text query in the dialect's own language."""
    found = text(_FIND[dialect]).columns(column("product_id")).subquery()
    query = select(search_documents).where(search_documents.c.product_id.in_(select(found.c.product_id)))
    return query.order_by(search_documents.c.position).limit(MOST_CANDIDATES)


def _words(documents: Iterable[Document]) -> list[dict[str, Any]]:
    count, best = Counter[str](), Counter[str]()
    for document in documents:
        for word, weight in document.weights.items():
            count[word] += 1
            best[word] = max(best[word], weight)
    return [
        {"word": word, "latin": latin(word), "documents": count[word], "weight": best[word]} for word in sorted(count)
    ]
