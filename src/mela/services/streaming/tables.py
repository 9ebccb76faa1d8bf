"""Tables of streaming."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from mela.kernel.db import Instant

metadata = MetaData()

sessions = Table(
    "sessions", metadata,
    Column("id", String(40), primary_key=True),
    Column("match_id", String(40), nullable=False),
    Column("kbps", Integer, nullable=False),
    Column("started", Instant, nullable=False),
    Column("silent", Instant, nullable=False),
    Index("sessions_of_match", "match_id", "silent", "kbps"),
)  # fmt: skip
"""`silent`: when the session is over without another sign of life. The index answers the count by itself."""
