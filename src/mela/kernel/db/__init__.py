"""Units of work on SQLite and PostgreSQL.

A unit is a plain function `def reserve(conn, …) -> result` in SQLAlchemy Core: one transaction, durable before its caller
goes on, may run twice (so its effect is keyed), and never calls another service. `db.run(unit, …)` runs it as if alone:
one writer at a time on SQLite, SERIALIZABLE with retries on PostgreSQL, where what is `row_guarded` goes by locks of rows.
`db.read(query, …)` sees one consistent snapshot.

हिन्दी: एक unit या तो पूरी होती है या बिल्कुल नहीं; जवाब जाने से पहले वह डिस्क पर लिखी जा चुकी होती है।
"""

from mela.kernel.db.columns import Instant, Json
from mela.kernel.db.database import Database, DatabaseOptions, after_commit, require_alone, row_guarded
from mela.kernel.db.opening import open_database

__all__ = [
    "Database",
    "DatabaseOptions",
    "Instant",
    "Json",
    "after_commit",
    "open_database",
    "require_alone",
    "row_guarded",
]
