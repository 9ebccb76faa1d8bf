"""Two files of a day held against each other by DuckDB, which spills to disk what memory does not hold.

A file is CSV with the header `kind,reference,amount_paise,at_utc` and, as its last line, `total,<rows>,<sum>,`: a file that was
cut off is refused, not matched. `at_utc` is a moment, as 2026-11-25T18:30:00Z.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from mela.kernel.errors import Rejected
from mela.kernel.money import Paise
from mela.services.payments.rules.reconciliation import HARMLESS, Break, Outcome

HEADER = "kind,reference,amount_paise,at_utc"
MOST_BREAKS = 10_000
_MEMORY = "1GB"

_READ = """
    create table {name} as select * from read_csv(
      ?, header = true,
      columns = {{'kind': 'VARCHAR', 'reference': 'VARCHAR', 'amount_paise': 'BIGINT', 'at_utc': 'TIMESTAMP'}}, delim = ',',
      quote = '"', escape = '"', auto_detect = false, null_padding = false, timestampformat = '%Y-%m-%dT%H:%M:%SZ')
"""
_ODD = """
    select line, what from (select rowid + 2 as line, case
        when kind is null or kind not in ('collected', 'refunded') then 'kind'
        when reference is null or not regexp_full_match(reference, '[A-Za-z0-9_.:-]{{1,60}}') then 'reference'
        when amount_paise is null or amount_paise <= 0 then 'amount_paise'
        when at_utc is null then 'at_utc'
        when {day} is not null and cast(at_utc + interval 330 minute as date) <> {day} then 'day' end as what
      from {name} where kind is distinct from 'total')
    where what is not null order by line limit 1
"""
_TOTAL = """
    select count(*) filter (where kind <> 'total'), coalesce(sum(amount_paise) filter (where kind <> 'total'), 0),
        list(struct_pack(row := rowid, rows := reference, amount := amount_paise)) filter (where kind = 'total'), max(rowid)
    from {name}
"""
_MATCH = """
    create table matched as
    with theirs as (
        select kind, reference, count(*) as times, any_value(amount_paise) as amount, min(at_utc) as at_utc
        from theirs where kind <> 'total' group by kind, reference),
    ours as (
        select kind, reference, sum(amount_paise) as amount, min(at_utc) as at_utc
        from ours where kind <> 'total' group by kind, reference),
    both_sides as (
        select coalesce(t.kind, o.kind) as kind, coalesce(t.reference, o.reference) as reference,
            t.amount as theirs, o.amount as ours, t.times,
            cast(t.at_utc + interval 330 minute as date) as their_day, cast(o.at_utc + interval 330 minute as date) as our_day
        from theirs t full outer join ours o on t.kind = o.kind and t.reference = o.reference)
    select *, case
        when ours is null then 'missing_here'
        when theirs is null and (kind, reference) in (select (kind, reference) from earlier) then 'date_differs'
        when theirs is null then 'missing_there'
        when times > 1 then 'repeated_there'
        when theirs <> ours then 'amount_differs'
        when their_day <> our_day then 'date_differs'
        else 'matched' end as outcome
    from both_sides where theirs is not null or our_day = ?
"""


class BadFile(Rejected):
    """A provider's file that cannot be taken as it is. Params: line (0: the file as a whole), what."""

    code = "payments.bad_file"


@dataclass(frozen=True)
class Matched:
    """How a day came out: number and sum (paise, theirs where they have it) by outcome, and the breaks, at most 10,000."""

    day: date
    outcomes: dict[Outcome, tuple[int, Paise]]
    breaks: list[Break]

    @property
    def agrees(self) -> bool:
        """Whether nobody has to look."""
        return set(self.outcomes) <= HARMLESS


def match(theirs: Path, ours: Path, day: date, *, earlier: Path | None = None, spill: Path) -> Matched:
    """Hold a provider's file of an Indian day against our movements, which reach into the days beside. Raises: BadFile.

    `earlier`: its file of the day before. What happened then and was told us after midnight is no break.
    """
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(spill)}) as db:
        _take(db, "theirs", theirs, day)
        _take(db, "ours", ours, None)
        if earlier is None:
            db.execute("create table earlier (kind varchar, reference varchar)")
        else:
            _take(db, "earlier", earlier, day - timedelta(days=1))
        db.execute(_MATCH, [day])
        rows = db.execute("select outcome, count(*), sum(coalesce(theirs, ours)) from matched group by all").fetchall()
        outcomes = {Outcome(name): (int(count), Paise(int(total))) for name, count, total in sorted(rows)}
        harmless = ", ".join(f"'{name}'" for name in HARMLESS)
        odd = db.execute(
            "select outcome, kind, reference, theirs, ours, coalesce(their_day, our_day) from matched "  # noqa: S608
            f"where outcome not in ({harmless}) order by outcome, kind, reference limit {MOST_BREAKS}"
        ).fetchall()
        return Matched(day, outcomes, [_break(*row) for row in odd])


def written(rows: Iterable[tuple[str, str, int, str]]) -> Iterable[str]:
    """Lines of a file in this form: kind, reference, paise, moment."""
    count = total = 0
    yield HEADER + "\n"
    for kind, reference, amount, at in rows:
        count, total = count + 1, total + amount
        yield f"{kind},{reference},{amount},{at}\n"
    yield f"total,{count},{total},\n"


def _break(outcome: str, kind: str, reference: str, theirs: int | None, ours: int | None, day: date) -> Break:
    their, our = (None if amount is None else Paise(int(amount)) for amount in (theirs, ours))
    return Break(Outcome(outcome), kind, reference, their, our, day)


def _take(db: duckdb.DuckDBPyConnection, name: str, file: Path, day: date | None) -> None:
    """Read a file whole, or say which line is wrong."""
    with file.open("rb") as first:
        if first.readline(200).decode(errors="replace").rstrip("\r\n") != HEADER:
            raise BadFile(line=1, what=HEADER)
    try:
        db.execute(_READ.format(name=name), [str(file)])
    except duckdb.Error as error:
        raise BadFile(line=_line(str(error)), what=str(error).splitlines()[0][:200]) from error
    if odd := db.execute(_ODD.format(name=name, day=f"date '{day}'" if day else "null")).fetchone():
        raise BadFile(line=odd[0], what=odd[1])
    count, total, said, last = db.execute(_TOTAL.format(name=name)).fetchone() or (0, 0, None, 0)
    whole = {"row": last, "rows": str(count), "amount": int(total)}
    if said is None or len(said) != 1 or said[0] != whole:
        raise BadFile(line=0, what="total")


def _line(message: str) -> int:
    """The line that DuckDB complains of, 0 when it names none."""
    _, _, rest = message.partition("Line: ")
    digits = rest.split()[0] if rest else "0"
    return int(digits) if digits.isdigit() else 0
