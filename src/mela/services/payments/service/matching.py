"""Two files of a day held against each other by DuckDB, which spills to disk what memory does not hold.

A file has the header `kind,reference,amount_paise,at_utc`; `at_utc` is a moment, as 2026-11-25T18:30:00Z.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb

from mela.kernel.money import Paise
from mela.services.payments.rules.reconciliation import HARMLESS, Break, Outcome
from mela.services.payments.service import files
from mela.services.payments.service.files import Form

MOST_BREAKS = 10_000
_ODD = f"""
    when kind is null or kind not in ('collected', 'refunded') then 'kind'
    when reference is null or not regexp_full_match(reference, '{files.REFERENCE}') then 'reference'
    when amount_paise is null or amount_paise <= 0 then 'amount_paise'
    when at_utc is null then 'at_utc'
"""
_COLUMNS = {"kind": "VARCHAR", "reference": "VARCHAR", "amount_paise": "BIGINT", "at_utc": "TIMESTAMP"}
FORM = Form(_COLUMNS, _ODD, ("amount_paise",))
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
    with duckdb.connect(config={"memory_limit": files.MEMORY, "temp_directory": str(spill)}) as db:
        files.take(db, "theirs", theirs, _of(day))
        files.take(db, "ours", ours, FORM)
        if earlier is None:
            db.execute("create table earlier (kind varchar, reference varchar)")
        else:
            files.take(db, "earlier", earlier, _of(day - timedelta(days=1)))
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
    yield FORM.header + "\n"
    for kind, reference, amount, at in rows:
        count, total = count + 1, total + amount
        yield f"{kind},{reference},{amount},{at}\n"
    yield f"total,{count},{total},\n"


def _break(outcome: str, kind: str, reference: str, theirs: int | None, ours: int | None, day: date) -> Break:
    their, our = (None if amount is None else Paise(int(amount)) for amount in (theirs, ours))
    return Break(Outcome(outcome), kind, reference, their, our, day)


def _of(day: date) -> Form:
    """The form of a file in which every row is of an Indian day."""
    return replace(FORM, odd=f"{_ODD} when cast(at_utc + interval 330 minute as date) <> date '{day}' then 'day'")
