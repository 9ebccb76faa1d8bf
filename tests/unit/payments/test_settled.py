"""Files of settlements are taken whole or refused, every movement has one outcome, and every paisa comes into an account."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments import app
from mela.services.payments.rules import arrivals as rules
from mela.services.payments.rules import ledger, routing
from mela.services.payments.rules import reconciliation as days
from mela.services.payments.rules.arrivals import Arrival, Outcome
from mela.services.payments.service import settled
from mela.services.payments.service.files import BadFile
from mela.simulators.gateway import settling

DAY = date(2026, 11, 26)
NOON, LONG_AGO = "2026-11-25T06:30:00Z", "2026-11-20T06:30:00Z"
CARD, UPI = routing.Tariff(200, Paise(0)), routing.Tariff(0, Paise(0))
TERMS = settled.Terms({"card": CARD, "upi": UPI}, 1_800, 4)
DATA = yaml.safe_load((app.DATA / "reconciliation.yaml").read_text(encoding="utf-8"))
Item = tuple[str, str, int, int, int, str]
Ours = tuple[str, str, int, str, str | None, str | None]


def line(kind: str, reference: str, gross: int, fee: int, tax: int, utr: str) -> str:
    net = (gross if kind == "collected" else -gross) - fee - tax
    return f"{kind},{reference},{gross},{fee},{tax},{net},setl1,{utr}\n"


def total(items: Iterable[Item]) -> str:
    rows = list(items)
    net = sum((r[2] if r[0] == "collected" else -r[2]) - r[3] - r[4] for r in rows)
    return f"total,{len(rows)},{sum(r[2] for r in rows)},{sum(r[3] for r in rows)},{sum(r[4] for r in rows)},{net},,\n"


def match(folder: Path, items: list[Item], ours: list[Ours]) -> settled.Held:
    theirs, mine = folder / "theirs.csv", folder / "ours.csv"
    theirs.write_text(settled.FORM.header + "\n" + "".join(line(*item) for item in items) + total(items))
    mine.write_text("".join(settled.written(ours)))
    return settled.match(theirs, mine, DAY, TERMS, spill=folder)


def test_every_outcome_is_named(tmp_path: Path) -> None:
    items: list[Item] = [
        ("collected", "same", 1_000, 20, 4, "U1"), ("collected", "short", 900, 18, 3, "U1"), ("collected", "over", 1_100, 22, 4, "U1"),
        ("collected", "dear", 1_000, 25, 5, "U1"), ("collected", "taxed", 1_000, 20, 9, "U1"), ("collected", "twice", 1_000, 20, 4, "U1"),
        ("collected", "twice", 1_000, 20, 4, "U2"), ("collected", "before", 1_000, 20, 4, "U1"), ("collected", "who", 500, 10, 2, "U1"),
        ("refunded", "back", 300, 0, 0, "U1"),
    ]  # fmt: skip
    names = ("same", "short", "over", "dear", "taxed", "twice")
    ours: list[Ours] = [("collected", name, 1_000, NOON, "card", None) for name in names]
    ours += [("refunded", "back", 300, NOON, "card", None), ("collected", "before", 1_000, NOON, "card", "U0"),
             ("collected", "fresh", 7, NOON, "upi", None), ("collected", "old", 9, LONG_AGO, "upi", None),
             ("collected", "done", 9, LONG_AGO, "upi", "U0")]  # fmt: skip
    found = match(tmp_path, items, ours)
    assert found.outcomes == {
        Outcome.SETTLED: (3, 2_300), Outcome.SETTLED_SHORT: (1, 900), Outcome.SETTLED_OVER: (1, 1_100),
        Outcome.FEE_DIFFERS: (2, 2_000), Outcome.REPEATED_THERE: (2, 2_000), Outcome.MISSING_HERE: (1, 500),
        Outcome.NOT_SETTLED_YET: (1, 7), Outcome.OVERDUE: (1, 9),
    }  # fmt: skip
    assert {(each.outcome.value, each.reference) for each in found.breaks} == {
        ("settled_short", "short"), ("settled_over", "over"), ("fee_differs", "dear"), ("fee_differs", "taxed"),
        ("repeated_there", "twice"), ("repeated_there", "before"), ("missing_here", "who"), ("overdue", "old"),
    }  # fmt: skip
    assert {(kind, name) for kind, name, _ in settled.paid(tmp_path)} == {
        *(("collected", name) for name in names),
        ("refunded", "back"),
    }
    one, two = found.arrivals
    assert (one.utr, one.items, one.held) == ("U1", 9, 1_000 + 900 + 1_000 + 1_000 + 1_000 + 1_000 - 300)
    assert (two.utr, two.items, two.net, two.held, two.fee, two.tax) == ("U2", 1, 976, 0, 0, 0)


HEADER = settled.FORM.header
GOOD = "collected,a,100,2,0,98,s,U\n"


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        ("", 1, HEADER),
        (f"{HEADER}\n", 0, "total"),
        (f"{HEADER}\n{GOOD}", 0, "total"),
        (f"{HEADER}\n{GOOD}total,1,100,2,0,97,,\n", 0, "total"),
        (f"{HEADER}\n{GOOD}total,1,101,2,0,98,,\n", 0, "total"),
        (f"{HEADER}\n{GOOD}total,1,100,2,0,98,,\n{GOOD}", 0, "total"),
        (f"{HEADER}\ncollected,a,100,2,0,99,s,U\ntotal,1,100,2,0,99,,\n", 2, "net_paise"),
        (f"{HEADER}\nrefunded,a,100,0,0,100,s,U\ntotal,1,100,0,0,100,,\n", 2, "net_paise"),
        (f"{HEADER}\n{GOOD}collected,b,100,-2,0,102,s,U\ntotal,2,200,0,0,200,,\n", 3, "fee_paise"),
        (f"{HEADER}\ncollected,a,100,0,-2,102,s,U\ntotal,1,100,0,-2,102,,\n", 2, "tax_paise"),
        (f"{HEADER}\ncollected,a,{10**18},0,0,{10**18},s,U\ntotal,1,0,0,0,0,,\n", 2, "gross_paise"),
        (f"{HEADER}\ncollected,a,{-(2**63)},{2**62},{2**62},0,s,U\ntotal,1,0,0,0,0,,\n", 2, "gross_paise"),
        (f"{HEADER}\npaid,a,100,2,0,98,s,U\ntotal,1,100,2,0,98,,\n", 2, "kind"),
        (f"{HEADER}\ncollected,a b,100,2,0,98,s,U\ntotal,1,100,2,0,98,,\n", 2, "reference"),
        (f"{HEADER}\ncollected,a,100,2,0,98,s,U;drop\ntotal,1,100,2,0,98,,\n", 2, "utr"),
        (f"{HEADER}\ncollected,a,100,2,0,98,,U\ntotal,1,100,2,0,98,,\n", 2, "settlement"),
        (f"{HEADER}\ncollected,a,1.5,0,0,1.5,s,U\ntotal,1,2,0,0,2,,\n", 2, "gross_paise"),
        (f"{HEADER}\ncollected,a,100,2,0,98,s\ntotal,1,100,2,0,98,,\n", 2, "CSV"),
    ],
)
def test_a_file_that_is_not_right_is_refused_by_line(tmp_path: Path, text: str, at: int, what: str) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.write_text(text)
    ours.write_text("".join(settled.written([])))
    with pytest.raises(BadFile) as refused:
        settled.match(theirs, ours, DAY, TERMS, spill=tmp_path)
    assert (refused.value.params["line"], what in refused.value.params["what"]) == (at, True)


FIELDS = st.sampled_from(
    ["collected", "refunded", "total", "a", "", "0", "1", "-1", "98", str(2**63), "NULL", "1e3", '"', "१", "\x00"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.lists(st.lists(FIELDS, max_size=9).map(",".join), max_size=4).map("\n".join).map(str.encode)
)
def test_no_bytes_from_outside_do_more_than_be_refused(tmp_path: Path, content: bytes) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.write_bytes(HEADER.encode() + b"\n" + content)
    ours.write_text("".join(settled.written([])))
    try:
        found = settled.match(theirs, ours, DAY, TERMS, spill=tmp_path)
    except BadFile:
        return
    assert found.arrivals == []


NAMES = st.sampled_from("abcdef")
ITEMS = st.lists(
    st.tuples(st.sampled_from(["collected", "refunded"]), NAMES, st.integers(1, 10**9), st.integers(0, 10**6), st.integers(0, 10**6),
              st.sampled_from(["U1", "U2"])), max_size=8,
)  # fmt: skip
HELD = st.dictionaries(
    st.tuples(st.sampled_from(["collected", "refunded"]), NAMES),
    st.tuples(st.integers(1, 10**9), st.sampled_from(["upi", "card", None]), st.sampled_from([None, "U1", "U0"])),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(items=ITEMS, held=HELD)
def test_each_movement_has_one_outcome_and_no_paisa_is_lost(
    tmp_path: Path, items: list[Item], held: dict[tuple[str, str], tuple[int, str | None, str | None]]
) -> None:
    ours: list[Ours] = [(kind, name, amount, NOON, method, utr) for (kind, name), (amount, method, utr) in held.items()]
    found = match(tmp_path, items, ours)
    waiting = [row for row in ours if row[5] is None and row[:2] not in {item[:2] for item in items}]
    assert sum(count for count, _ in found.outcomes.values()) == len(items) + len(waiting)
    assert sum(each.items for each in found.arrivals) == len(items)
    for each in found.arrivals:
        own = [item for item in items if item[5] == each.utr]
        assert each.net == sum((item[2] if item[0] == "collected" else -item[2]) - item[3] - item[4] for item in own)


AMOUNT = st.integers(-(10**12), 10**12).map(Paise)


@given(
    st.builds(Arrival, st.just("s"), st.just("U"), st.just(1), AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT),
    st.sampled_from(["gateway", "payu"]),
)
def test_what_arrived_is_what_the_bank_gets_and_the_rest_is_accounted_for(arrival: Arrival, provider: str) -> None:
    entered = rules.transfers(provider, arrival)

    def gained(account: str) -> int:
        return ledger.balance(account, entered)

    assert gained("bank") == arrival.net
    assert gained(ledger.place(provider)) == -arrival.held
    assert gained(f"provider_fees:{provider}") + gained("rounding") == arrival.fee
    assert gained("gst:input") == arrival.tax
    assert entered == [] or ledger.fault(entered) is None


@given(kind=st.sampled_from(["collected", "refunded"]), theirs=st.integers(1, 10**9), ours=st.integers(1, 10**9))
def test_the_proposed_entry_of_a_wrong_amount_empties_suspense(kind: str, theirs: int, ours: int) -> None:
    if theirs == ours:
        return
    outcome = Outcome.SETTLED_OVER if theirs > ours else Outcome.SETTLED_SHORT
    sign = 1 if kind == "collected" else -1
    found = rules.Break(outcome, kind, "r", "U", Paise(theirs), Paise(ours), Paise(sign * theirs), Paise(0), Paise(0))
    entry = rules.proposed("payu", found)
    mended = [Transfer(**entry)]
    assert ledger.balance(days.SUSPENSE, mended) == sign * abs(theirs - ours)


def test_every_break_has_an_owner_and_a_kind_of_case() -> None:
    kinds = {row["kind"] for row in yaml.safe_load((app.DATA / "cases.yaml").read_text(encoding="utf-8"))["kinds"]}
    for outcome in set(Outcome) - rules.HARMLESS:
        assert days.owner(DATA["settlement_owners"], outcome)
        assert f"settlement_{outcome}" in kinds


def test_simulated_providers_keep_what_our_price_list_says() -> None:
    weights = yaml.safe_load((app.DATA / "routing.yaml").read_text(encoding="utf-8"))
    listed = {
        (name, method): round(price.basis_points) for (name, method), price in routing.tariffs(weights, DAY).items()
    }
    kept = {(name, method): bp for name, prices in settling._prices().items() for method, bp in prices.items()}
    assert kept == listed
    assert days.in_force(DATA["settlements"], DAY)["fee_tax_bp"] == settling._tax_bp()
