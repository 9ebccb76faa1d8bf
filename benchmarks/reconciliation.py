"""How fast a provider's day is held against ours: rows of both files per second, and the memory that it takes.

python -m benchmarks.reconciliation [ROWS]      # default: ten million movements on each side, transactions and settlements
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from mela.kernel.money import Paise
from mela.services.payments.rules.routing import Tariff
from mela.services.payments.service import matching, settled

DAY, NEXT_DAY = date(2026, 11, 25), date(2026, 11, 26)
TERMS = settled.Terms({"upi": Tariff(0, Paise(0)), "card": Tariff(200, Paise(0))}, 1_800, 4)
_AT = "strftime(timestamp '2026-11-24 18:30:00' + interval 1 second * (i % 86400), '%Y-%m-%dT%H:%M:%SZ') as at_utc"
_REFERENCE = "'pay_' || lpad(cast(i as varchar), 26, '0') as reference"
_METHOD, _FEE = "if(i % 5 = 0, 'card', 'upi')", "if(i % 5 = 0, (gross * 200 + 5000) // 10000, 0)"
_THEIRS = f"select 'collected' as kind, {_REFERENCE}, 10000 + i % 90000 as amount_paise, {_AT} from range({{rows}}) t(i) where i % 100003 <> 7"
_OURS = f"""select 'collected' as kind, {_REFERENCE}, 10000 + i % 90000 + (i % 100043 = 3)::int as amount_paise, {_AT}
    from range({{rows}}) t(i) where i % 100019 <> 5"""
_SETTLED = f"""select 'collected' as kind, {_REFERENCE}, gross as gross_paise, {_FEE} + (i % 100043 = 3)::int * 100 as fee_paise,
    (fee_paise * 1800 + 5000) // 10000 as tax_paise, gross - fee_paise - tax_paise as net_paise, 'setl1' as settlement, 'UTR1' as utr
    from (select i, 10000 + i % 90000 as gross from range({{rows}}) t(i) where i % 100003 <> 7)"""
_UNPAID = f"""select 'collected' as kind, {_REFERENCE}, 10000 + i % 90000 as amount_paise, {_AT}, {_METHOD} as method, null as utr
    from range({{rows}}) t(i) where i % 100019 <> 5"""


def write(db: duckdb.DuckDBPyConnection, rows: str, file: Path, *, seed: int, sums: int, rest: int) -> float:
    """A file in a form of ours, in any order, with its line of totals; its size in MB."""
    db.execute(f"create or replace table made as {rows}")
    names = [row[0] for row in db.execute("describe made").fetchall()]
    money = ", ".join(f"sum({name})::bigint" for name in names[2 : 2 + sums])
    total = f"select 'total', cast(count(*) as varchar), {money}{', null' * rest} from made"
    db.execute(
        f"copy (select * from (select * from made order by hash(reference || '{seed}')) union all {total}) to '{file}' (header)"
    )
    return file.stat().st_size / 1e6


def timed(name: str, rows: int, megabytes: float, run: Callable[[], matching.Matched | settled.Held]) -> None:
    """Match, and print what came out and how fast."""
    started = time.perf_counter()
    found = run()
    took = time.perf_counter() - started
    for outcome, (count, _) in found.outcomes.items():
        print(f"  {outcome:<16}{count:>12,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {rows:,} movements a side ({megabytes:.0f} MB of CSV): {took:.1f} s, {2 * rows / took:,.0f} rows/s, "
        f"peak {peak:.0f} MiB, load {os.getloadavg()[0]:.1f}"
    )


def main(rows: int = 10_000_000) -> None:
    """Write files that disagree in a known number of rows, match them, print figures."""
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = Path(folder, "theirs.csv"), Path(folder, "ours.csv")
        with duckdb.connect(Path(folder, "made.db"), config={"memory_limit": "1GB"}) as db:
            size = write(db, _THEIRS.format(rows=rows), theirs, seed=1, sums=1, rest=1)
            size += write(db, _OURS.format(rows=rows), ours, seed=2, sums=1, rest=1)
        timed("transactions", rows, size, lambda: matching.match(theirs, ours, DAY, spill=Path(folder)))
        with duckdb.connect(Path(folder, "made.db"), config={"memory_limit": "1GB"}) as db:
            size = write(db, _SETTLED.format(rows=rows), theirs, seed=1, sums=4, rest=2)
            size += write(db, _UNPAID.format(rows=rows), ours, seed=2, sums=1, rest=3)
        timed("settlements", rows, size, lambda: settled.match(theirs, ours, NEXT_DAY, TERMS, spill=Path(folder)))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
