"""How long a risk decision takes, with few and with many payments stored, and a screening list of ten thousand names.

python -m benchmarks.risk [PAYMENTS…]      # default: ten thousand, then a million
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, insert

import mela.services.payments
from mela.contracts.payments import Payer
from mela.kernel import sealed
from mela.kernel.clock import SystemClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.migrate import migrate
from mela.kernel.money import Paise
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.services.payments.rules import risk as rules
from mela.services.payments.service.risk import Risk
from mela.services.payments.tables import attempts, payments

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
DATA = Path(mela.services.payments.__file__).parent / "data" / "risk.yaml"
DRAW = random.Random(7)
DECISIONS = 3_000


def main(*counts: int) -> None:
    """Fill a database, decide, print figures; each count on top of the one before."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), counts or (10_000, 1_000_000)))


async def _measure(folder: Path, counts: tuple[int, ...]) -> None:
    listing = folder / "list.csv"
    listing.write_text(
        "id,name,aliases\n" + "".join(f"s{n},{_name()} {_name()} {_name()},\n" for n in range(10_000)), encoding="utf-8"
    )
    url = f"sqlite:///{folder}/payments.db"
    migrate(url, service="payments", package="mela.services.payments.migrations")
    provider = open_provider(make_file(folder / "keys.json"))
    db = open_database(
        url, service="payments", keyring=load_keyring(lambda: url, provider, service="payments", clock=SystemClock())
    )
    today = rules.in_force(yaml.safe_load(DATA.read_text(encoding="utf-8")), date(2026, 11, 26))
    risk = Risk(db, SystemClock(), today, listing, within_s=1.0)
    stored = 0
    for count in counts:
        stored = await _fill(db, stored, count)
        took = []
        for _ in range(DECISIONS):
            number = DRAW.randrange(stored)
            started = time.perf_counter()
            risk.attempt(Payer("a", f"{_name()} {_name()}", None, None, []), Paise(100), "upi", NOW)
            await risk.judge(f"pay_{number:026}", Paise(100))
            took.append(1e3 * (time.perf_counter() - started))
        cuts = statistics.quantiles(took, n=1000)
        print(
            f"{count:>10,} payments stored, 10,000 listed names: p50 {cuts[499]:.2f} ms, p99 {cuts[989]:.2f} ms, p99.9 {cuts[998]:.2f} ms"
        )
    await db.close()


async def _fill(db: Database, stored: int, count: int) -> int:
    """Payments of as many payers as a tenth of them, over ninety days; and one payer in a hundred buys from a shared device."""
    while stored < count:
        size = min(10_000, count - stored)
        await db.run(_some, stored, size, count)
        stored += size
        print(f"\r{stored:,} stored", end="", file=sys.stderr)
    print(file=sys.stderr)
    return stored


def _some(conn: Connection, first: int, size: int, of: int) -> None:
    made, tried = [], []
    for number in range(first, first + size):
        at = NOW - timedelta(seconds=DRAW.randrange(90 * 86_400))
        one = {"id": f"pay_{number:026}", "amount": DRAW.randrange(10_000, 500_000), "created": at}
        made.append(_FIXED | one | {"key": one["id"], "order_id": one["id"]})
        payer = DRAW.randrange(max(1, of // 10))
        device = "shared" if payer % 100 == 0 else f"d{payer}"
        tried.append({
            "payment_id": one["id"], "payer": f"cus_{payer}", "likeness": 0.0, "device": device, "place": "33", "payees": ["a"],
            "at": at, "verdict": None, "reasons": [],
        })  # fmt: skip
    conn.execute(insert(payments), [sealed.row(payments, row) for row in made])
    conn.execute(insert(attempts), [sealed.row(attempts, row) for row in tried])


_FIXED: dict[str, Any] = {
    "captured": 0, "capture": True, "instrument": {}, "refunded": 0, "method": "upi", "state": "captured", "description": "", "history": [], "tries": 0,
}  # fmt: skip


def _name() -> str:
    return "".join(DRAW.choice("aeiouy" if n % 2 else "bdghkmnprstv") for n in range(DRAW.randrange(5, 10)))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
