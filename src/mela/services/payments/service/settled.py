"""A provider's settlements of a day held against our movements, by DuckDB.

A file has a line for each movement that was settled, in whole paise: `net` is what it added to the settlement, so
gross - fee - tax for what was collected and -gross - fee - tax for what was refunded. The last line adds up all four.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from mela.kernel.money import Paise
from mela.services.payments.rules import ledger
from mela.services.payments.rules.arrivals import HARMLESS, KNOWN, Arrival, Break, Outcome
from mela.services.payments.rules.routing import Tariff
from mela.services.payments.service import files
from mela.services.payments.service.files import REFERENCE, Form

MOST_BREAKS = 10_000
_NAMED = f"""
    when kind is null or kind not in ('collected', 'refunded') then 'kind'
    when reference is null or not regexp_full_match(reference, '{REFERENCE}') then 'reference'
"""
_MONEY = ("gross_paise", "fee_paise", "tax_paise", "net_paise")
FORM = Form(
    {
        "kind": "VARCHAR",
        "reference": "VARCHAR",
        **dict.fromkeys(_MONEY, "BIGINT"),
        "settlement": "VARCHAR",
        "utr": "VARCHAR",
    },
    f"""{_NAMED}
    when gross_paise is null or gross_paise not between 1 and {ledger.LARGEST} then 'gross_paise'
    when fee_paise is null or fee_paise not between 0 and {ledger.LARGEST} then 'fee_paise'
    when tax_paise is null or tax_paise not between 0 and {ledger.LARGEST} then 'tax_paise'
    when net_paise is distinct from if(kind = 'collected', gross_paise, -gross_paise) - fee_paise - tax_paise then 'net_paise'
    when settlement is null or not regexp_full_match(settlement, '[A-Za-z0-9_-]{{1,40}}') then 'settlement'
    when utr is null or not regexp_full_match(utr, '[A-Za-z0-9]{{1,40}}') then 'utr'
    """,
    _MONEY,
)
OURS = Form(
    {"kind": "VARCHAR", "reference": "VARCHAR", "amount_paise": "BIGINT", "at_utc": "TIMESTAMP", "method": "VARCHAR",
     "utr": "VARCHAR"},
    f"{_NAMED} when amount_paise is null or amount_paise <= 0 then 'amount_paise' when at_utc is null then 'at_utc'",
    ("amount_paise",),
)  # fmt: skip
_MATCH = """
    create table held as
    with again as (
        select kind, reference, min(rowid) as first from theirs where kind <> 'total' group by kind, reference having count(*) > 1),
    seen as (
        select t.kind, t.reference, t.gross_paise as theirs, t.fee_paise as fee, t.tax_paise as tax, t.net_paise as net, t.settlement,
            t.utr, o.amount_paise as ours, o.utr as before, t.rowid > a.first as repeated,
            if(t.kind = 'refunded', 0, coalesce((t.gross_paise::hugeint * p.rate + 500000) // 1000000 + p.fixed, t.fee_paise)) as fee_due,
            (t.fee_paise::hugeint * $tax_bp + 5000) // 10000 as tax_due
        from theirs t left join ours o on t.kind = o.kind and t.reference = o.reference
            left join again a on t.kind = a.kind and t.reference = a.reference left join prices p on o.method = p.method
        where t.kind <> 'total')
    select *, list_contains($known, outcome) as known from (
        select *, case
            when repeated or before <> utr then 'repeated_there'
            when ours is null then 'missing_here'
            when theirs < ours then 'settled_short'
            when theirs > ours then 'settled_over'
            when abs(fee - fee_due) > 1 or abs(tax - tax_due) > 1 then 'fee_differs'
            else 'settled' end as outcome
        from seen)
    union all by name
    select o.kind, o.reference, o.amount_paise as ours, false as known,
        if(cast(o.at_utc + interval 330 minute as date) + $within < $day, 'overdue', 'not_settled_yet') as outcome
    from ours o anti join theirs t on t.kind = o.kind and t.reference = o.reference where o.kind <> 'total' and o.utr is null
"""
_ARRIVALS = """
    select min(settlement), utr, count(*), sum(net),
        coalesce(sum(if(kind = 'collected', 1, -1) * least(theirs, ours)) filter (known), 0), coalesce(sum(fee) filter (known), 0),
        coalesce(sum(if(outcome = 'settled', fee_due, fee)) filter (known), 0), coalesce(sum(tax) filter (known), 0)
    from held where utr is not null group by utr order by utr
"""
_BREAKS = """
    select outcome, kind, reference, utr, theirs, ours, net, fee, fee_due from held
    where not list_contains($harmless, outcome) order by outcome, kind, reference limit $most
"""


@dataclass(frozen=True)
class Terms:
    """What a provider owes us: its prices by method, the tax on its fees, and within how many days it settles."""

    prices: Mapping[str, Tariff]
    tax_bp: int
    within_days: int


@dataclass(frozen=True)
class Held:
    """How a day came out: number and gross (paise, theirs where they have it) by outcome, what arrived, and the breaks."""

    outcomes: dict[Outcome, tuple[int, Paise]]
    arrivals: list[Arrival]
    breaks: list[Break]


def match(theirs: Path, ours: Path, day: date, terms: Terms, *, spill: Path) -> Held:
    """Hold the settlements that a provider made on a day against our movements that it had not settled before.

    Writes `paid.csv` beside: kind, reference and utr of each movement that is settled now. Raises: BadFile.
    """
    with duckdb.connect(config={"memory_limit": files.MEMORY, "temp_directory": str(spill)}) as db:
        files.take(db, "theirs", theirs, FORM)
        files.take(db, "ours", ours, OURS)
        db.execute("create table prices (method varchar, rate bigint, fixed bigint)")
        for method, price in terms.prices.items():
            db.execute("insert into prices values (?, ?, ?)", [method, round(price.basis_points * 100), price.fixed])
        given = {"tax_bp": terms.tax_bp, "within": terms.within_days, "day": day, "known": list(KNOWN)}
        db.execute(_MATCH, given)
        rows = db.execute(
            "select outcome, count(*), sum(coalesce(theirs, ours)) from held group by all order by all"
        ).fetchall()
        db.sql("select kind, reference, utr from held where known").write_csv(str(spill / "paid.csv"), header=False)
        breaks = db.execute(_BREAKS, {"harmless": list(HARMLESS), "most": MOST_BREAKS}).fetchall()
        return Held(
            {Outcome(name): (int(count), Paise(int(total))) for name, count, total in rows},
            [Arrival(row[0], row[1], int(row[2]), *(Paise(int(part)) for part in row[3:])) for row in db.execute(_ARRIVALS).fetchall()],
            [_break(*row) for row in breaks],
        )  # fmt: skip


def paid(spill: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, reference and utr of what `match` found settled."""
    with (spill / "paid.csv").open() as lines:
        for line in lines:
            kind, reference, utr = line.rstrip("\n").split(",")
            yield kind, reference, utr


def written(rows: Iterable[tuple[str, str, int, str, str | None, str | None]]) -> Iterator[str]:
    """Lines of our side: kind, reference, paise, moment, method, and the utr where it is settled."""
    count = total = 0
    yield OURS.header + "\n"
    for kind, reference, amount, at, method, utr in rows:
        count, total = count + 1, total + amount
        yield f"{kind},{reference},{amount},{at},{method or ''},{utr or ''}\n"
    yield f"total,{count},{total},,,\n"


def _break(outcome: str, kind: str, reference: str, utr: str | None, *money: int | None) -> Break:
    return Break(
        Outcome(outcome), kind, reference, utr, *(None if each is None else Paise(int(each)) for each in money)
    )
