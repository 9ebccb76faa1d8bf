"""Tables of streaming."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from mela.kernel.db import Instant

metadata = MetaData()

sessions = Table(
    "sessions", metadata,
    Column("id", String(40), primary_key=True),
    Column("match_id", String(40), nullable=False),
    Column("kbps", Integer, nullable=False),
    Column("started", Instant, nullable=False),
    Column("silent", Instant, nullable=False),
    postgresql_with={"fillfactor": "50"},
)  # fmt: skip
"""`silent`: when the session is over without another sign of life. In no index, and pages are left half empty, so that a
sign of life changes one page and no index (a HOT update), at three fifths of the cost; a count reads the whole table instead.

Source: https://www.postgresql.org/docs/15/storage-hot.html (2026-11-27); measured in docs/systems/03-live-match.md.
"""

counts = Table(
    "counts", metadata,
    Column("match_id", String(40), primary_key=True),
    Column("viewers", Integer, nullable=False),
    Column("kbps", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("claimed", Instant, nullable=False),
)  # fmt: skip
"""What was counted last in this database, for all pods. `claimed`: when somebody last set out to count anew."""
