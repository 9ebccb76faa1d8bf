"""Tables of webhooks."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, text

from mela.kernel.db import Instant, Json
from mela.kernel.sealed import SealedText

metadata = MetaData()
_WAITING, _DEAD, _LEASED = text("state = 'waiting'"), text("state = 'dead'"), text("leased IS NOT NULL")

endpoints = Table(
    "endpoints", metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("url", String(500), nullable=False),
    Column("description", String(120), nullable=False),
    Column("types", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("disabled", String(10)),
    Column("disabled_at", Instant),
    Column("failing_since", Instant),
    Index("endpoints_of_owner", "owner", "id"),
)  # fmt: skip

signing_keys = Table(
    "signing_keys", metadata,
    Column("id", String(40), primary_key=True),
    Column("endpoint_id", String(40), nullable=False, index=True),
    Column("sealed", SealedText("signing_keys.sealed"), nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant),
)  # fmt: skip

messages = Table(
    "messages", metadata,
    Column("id", String(40), primary_key=True),
    Column("body", Text, nullable=False),
    Column("created", Instant, nullable=False, index=True),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata,
    Column("id", String(40), primary_key=True),
    Column("endpoint_id", String(40), nullable=False),
    Column("owner", String(80), nullable=False),
    Column("message_id", String(40), nullable=False),
    Column("type", String(40), nullable=False),
    Column("payment_id", String(40)),  # that it tells of, if of one
    Column("state", String(10), nullable=False),
    Column("created", Instant, nullable=False, index=True),
    Column("due", Instant),
    Column("leased", Instant),
    Column("tries", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Column("last_error", String(200)),
    Column("finished", Instant),
    Index("deliveries_of_owner", "owner", "id"),
    Index("deliveries_of_endpoint", "endpoint_id", "id"),
    Index("deliveries_of_payment", "payment_id"),
    Index("deliveries_due", "endpoint_id", "due", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("deliveries_leased", "endpoint_id", "leased", sqlite_where=_LEASED, postgresql_where=_LEASED),
    Index("deliveries_dead", "owner", "id", sqlite_where=_DEAD, postgresql_where=_DEAD),
)  # fmt: skip
"""`before`: tries of earlier rounds, before a replay. `leased`: until when a running try keeps others away; `due` is then the same."""

attempts = Table(
    "attempts", metadata,
    Column("delivery_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("latency_ms", Integer, nullable=False),
    Column("status", Integer),
    Column("error", String(200)),
    Column("answer", Text, nullable=False),
)  # fmt: skip
