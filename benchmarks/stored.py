"""A database of payments with many payments in it: captured, on the ledger, sealed, and kept with who made them."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from mela.kernel import sealed
from mela.kernel.clock import SystemClock
from mela.kernel.db import DatabaseOptions, open_database
from mela.kernel.db.migrate import migrate
from mela.kernel.sealed.keyring import load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.services.payments.store import seals
from mela.services.payments.tables import attempts, payments, transfers

DRAW = random.Random(7)
_AT_ONCE = 10_000
_PAYMENT: dict[str, Any] = {
    "captured": 0, "refunded": 0, "method": "upi", "instrument": {}, "capture": True, "state": "captured", "description": "Order",
    "provider": "gateway", "history": [], "tries": 0,
}  # fmt: skip


@contextmanager
def database(work: Path, *, postgres: bool) -> Iterator[str]:
    """The URL of a database of payments, migrated and empty."""
    if not postgres:
        url = f"sqlite:///{work}/payments.db"
        migrate(url, service="payments", package="mela.services.payments.migrations")
        yield url
        return
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests import postgres as private

    with private.server() as server:
        subprocess.run(["psql", "-q", server, "-c", "create database payments"], check=True)
        url = server.replace("/postgres", "/payments")
        migrate(url, service="payments", package="mela.services.payments.migrations")
        yield url


async def fill(url: str, count: int, keys_url: str) -> None:
    """Captured payments of as many payers as a tenth of them, over ninety days up to now; a payer in a hundred buys from a shared device."""
    now = datetime.now(UTC)
    keys = load_keyring(lambda: url, open_provider(keys_url), service="payments", clock=SystemClock())
    patient = DatabaseOptions(timeout_s=120.0)  # thousands of rows a unit
    db = open_database(url, service="payments", options=patient, keyring=keys)
    try:
        for start in range(0, count, _AT_ONCE):
            size = min(_AT_ONCE, count - start)
            await db.run(_some, start, size, count, now)
            print(f"\r{start + size:,} stored", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        while await db.run(seals.seal_next, now) is not None:
            pass
    finally:
        await db.close()


def _some(conn: Connection, first: int, size: int, of: int, now: datetime) -> None:
    made, tried, entered = [], [], []
    span_s = 90 * 86_400
    for number in range(first, first + size):
        at = now - timedelta(seconds=span_s * (1 - number / of))
        one, amount = f"pay_{number:026}", DRAW.randrange(10_000, 500_000)
        made.append(
            _PAYMENT | {"id": one, "key": one, "order_id": one, "amount": amount, "captured": amount, "created": at}
        )
        payer = DRAW.randrange(max(1, of // 10))
        device = "shared" if payer % 100 == 0 else f"d{payer}"
        tried.append({
            "payment_id": one, "payer": f"cus_{payer}", "likeness": 0.0, "device": device, "place": "33", "payees": ["a"],
            "at": at, "verdict": None, "reasons": [],
        })  # fmt: skip
        entered.append({
            "key": f"capture:{one}", "line": 0, "debit": "gateway:upi", "credit": "escrow", "amount": amount, "kind": "capture",
            "payment_id": one, "at": at,
        })  # fmt: skip
    for rows, table in ((made, payments), (tried, attempts)):
        conn.execute(insert(table), [sealed.row(table, row) for row in rows])
    conn.execute(insert(transfers), entered)
