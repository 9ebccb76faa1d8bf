"""How fast a provider's day is held against ours: rows of both files per second, and the memory that it takes.

python -m benchmarks.reconciliation [ROWS]      # default: ten million movements on each side
"""

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from mela.services.payments.service import matching

DAY = date(2026, 11, 25)
_ROWS = """
    copy (select * from (
        select 'collected' as kind, 'pay_' || lpad(cast(i as varchar), 26, '0') as reference,
            10000 + i % 90000 {more} as amount_paise,
            strftime(timestamp '2026-11-24 18:30:00' + interval 1 second * (i % 86400), '%Y-%m-%dT%H:%M:%SZ') as at_utc
        from range({rows}) t(i) where {which} order by hash(i + {seed}))
    union all select 'total', cast(count(*) as varchar), sum(10000 + i % 90000 {more}), '' from range({rows}) t(i) where {which})
    to '{file}' (header, delimiter ',')
"""


def main(rows: int = 10_000_000) -> None:
    """Write two files that disagree in a known number of rows, match them, print figures."""
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = Path(folder, "theirs.csv"), Path(folder, "ours.csv")
        with duckdb.connect() as db:
            db.execute(_ROWS.format(rows=rows, which="i % 100003 <> 7", more="", seed=1, file=theirs))
            db.execute(
                _ROWS.format(rows=rows, which="i % 100019 <> 5", more="+ (i % 100043 = 3)::int", seed=2, file=ours)
            )
        size_mb = (theirs.stat().st_size + ours.stat().st_size) / 1e6
        started = time.perf_counter()
        found = matching.match(theirs, ours, DAY, spill=Path(folder))
        took = time.perf_counter() - started
    for outcome, (count, _) in found.outcomes.items():
        print(f"  {outcome:<16}{count:>12,}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows:,} movements a side ({size_mb:.0f} MB of CSV): {took:.1f} s, {2 * rows / took:,.0f} rows/s, peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
