"""Files are taken whole or refused, every movement has one outcome, and the clock of failed payments is the published one."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.kernel.money import Paise
from mela.services.payments import app
from mela.services.payments.rules import reconciliation as rules
from mela.services.payments.rules.reconciliation import Break, Outcome
from mela.services.payments.service import matching
from mela.services.payments.service.files import BadFile

DAY = date(2026, 11, 25)
NOON = "2026-11-25T06:30:00Z"
DATA = yaml.safe_load((app.DATA / "reconciliation.yaml").read_text(encoding="utf-8"))
HEADER = matching.FORM.header
Row = tuple[str, str, int, str]


def file(folder: Path, name: str, rows: list[Row]) -> Path:
    path = folder / name
    path.write_text("".join(matching.written(rows)))
    return path


def match(folder: Path, theirs: list[Row], ours: list[Row]) -> matching.Matched:
    return matching.match(file(folder, "theirs", theirs), file(folder, "ours", ours), DAY, spill=folder)


def test_every_kind_of_break_is_named(tmp_path: Path) -> None:
    theirs = [("collected", "same", 100, NOON), ("collected", "less", 100, NOON), ("collected", "twice", 100, NOON),
              ("collected", "twice", 100, NOON), ("collected", "new", 100, NOON), ("refunded", "same", 5, NOON),
              ("collected", "late", 7, "2026-11-25T18:29:59Z")]  # fmt: skip
    ours = [("collected", "same", 100, NOON), ("collected", "less", 90, NOON), ("collected", "twice", 100, NOON),
            ("collected", "gone", 3, NOON), ("refunded", "same", 5, NOON), ("collected", "late", 7, "2026-11-25T18:30:00Z"),
            ("collected", "tomorrow", 7, "2026-11-26T06:30:00Z")]  # fmt: skip
    found = match(tmp_path, theirs, ours)
    assert found.outcomes == {
        Outcome.MATCHED: (2, 105), Outcome.AMOUNT_DIFFERS: (1, 100), Outcome.REPEATED_THERE: (1, 100),
        Outcome.MISSING_HERE: (1, 100), Outcome.MISSING_THERE: (1, 3), Outcome.DATE_DIFFERS: (1, 7),
    }  # fmt: skip
    assert {(each.outcome.value, each.reference, each.theirs, each.ours) for each in found.breaks} == {
        ("amount_differs", "less", 100, 90), ("repeated_there", "twice", 100, 100),
        ("missing_here", "new", 100, None), ("missing_there", "gone", None, 3),
    }  # fmt: skip
    assert not found.agrees


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, HEADER),
        ("kind,reference\n", 1, HEADER),
        (f"{HEADER}\n", 0, "total"),
        (f"{HEADER}\ncollected,a,1,{NOON}\n", 0, "total"),
        (f"{HEADER}\ncollected,a,1,{NOON}\ntotal,2,1,\n", 0, "total"),
        (f"{HEADER}\ncollected,a,1,{NOON}\ntotal,1,2,\n", 0, "total"),
        (f"{HEADER}\ntotal,1,1,\ncollected,a,1,{NOON}\n", 0, "total"),
        (f"{HEADER}\ncollected,a,1,{NOON}\ncollected,b,one,{NOON}\ntotal,2,2,\n", 3, "amount_paise"),
        (f"{HEADER}\ncollected,a,1,{NOON}\ncollected,b,1.5,{NOON}\ntotal,2,3,\n", 3, "amount_paise"),
        (f"{HEADER}\ncollected,a,1\ntotal,1,1,\n", 2, "CSV"),
        (f"{HEADER}\ncollected,a,1,{NOON},more\ntotal,1,1,\n", 2, "CSV"),
        (f"{HEADER}\ncollected,a,{2**63},{NOON}\ntotal,1,1,\n", 2, "amount_paise"),
        (f"{HEADER}\ncollected,a,1,yesterday\ntotal,1,1,\n", 2, "CSV"),
        (f"{HEADER}\ncollected,a,0,{NOON}\ntotal,1,0,\n", 2, "amount_paise"),
        (f"{HEADER}\npaid,a,1,{NOON}\ntotal,1,1,\n", 2, "kind"),
        (f"{HEADER}\n,a,1,{NOON}\ntotal,1,1,\n", 2, "kind"),
        (f'{HEADER}\ncollected,"a\nb",1,{NOON}\ntotal,1,1,\n', 2, "reference"),
        (f"{HEADER}\ncollected,a'; drop table x,1,{NOON}\ntotal,1,1,\n", 2, "reference"),
        (f"{HEADER}\ncollected,a,1,2026-11-24T06:30:00Z\ntotal,1,1,\n", 2, "day"),
        (f"{HEADER}\ncollected,a,1,\ntotal,1,1,\n", 2, "at_utc"),
    ],
)
def test_a_file_that_is_not_right_is_refused_by_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    theirs, ours = tmp_path / "theirs", file(tmp_path, "ours", [])
    theirs.write_text(text)
    with pytest.raises(BadFile) as refused:
        matching.match(theirs, ours, DAY, spill=tmp_path)
    assert refused.value.params["line"] == line
    assert what in refused.value.params["what"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=300))
def test_no_bytes_from_outside_do_more_than_be_refused(tmp_path: Path, content: bytes) -> None:
    theirs, ours = tmp_path / "theirs", file(tmp_path, "ours", [])
    theirs.write_bytes(HEADER.encode() + b"\n" + content)
    with pytest.raises(BadFile):
        matching.match(theirs, ours, DAY, spill=tmp_path)


MOVEMENTS = st.dictionaries(
    st.tuples(st.sampled_from(["collected", "refunded"]), st.sampled_from("abcdef")), st.integers(1, 10**12)
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(theirs=MOVEMENTS, ours=MOVEMENTS)
def test_each_movement_has_one_outcome_and_no_rupee_is_lost(
    tmp_path: Path, theirs: dict[tuple[str, str], int], ours: dict[tuple[str, str], int]
) -> None:
    rows = [[(kind, name, amount, NOON) for (kind, name), amount in side.items()] for side in (theirs, ours)]
    found = match(tmp_path, *rows)
    assert sum(count for count, _ in found.outcomes.values()) == len(theirs.keys() | ours.keys())
    assert sum(total for _, total in found.outcomes.values()) == sum((ours | theirs).values())
    same = sum(1 for key in theirs.keys() & ours.keys() if theirs[key] == ours[key])
    assert found.outcomes.get(Outcome.MATCHED, (0, 0))[0] == same


@given(
    kind=st.sampled_from(["collected", "refunded"]),
    theirs=st.none() | st.integers(1, 10**12),
    ours=st.none() | st.integers(1, 10**12),
)
def test_the_proposed_entry_makes_our_books_say_what_theirs_say(
    kind: str, theirs: int | None, ours: int | None
) -> None:
    their, our = (None if amount is None else Paise(amount) for amount in (theirs, ours))
    entry = rules.proposed(Break(Outcome.AMOUNT_DIFFERS, kind, "r", their, our, DAY))
    sign = 1 if kind == "collected" else -1
    change = 0
    if entry:
        assert {entry["debit"], entry["credit"]} == {"gateway:upi", rules.SUSPENSE}
        change = entry["amount"] if entry["debit"] == "gateway:upi" else -entry["amount"]
    assert sign * (ours or 0) + change == sign * (theirs or 0)


def test_compensation_runs_from_the_sixth_day_at_a_hundred_rupees_a_day() -> None:
    clock = rules.compensation(DATA["compensation"], DAY)
    assert clock.due(DAY) == date(2026, 11, 30)
    assert [clock.owed(DAY, DAY + timedelta(days=days)) for days in (0, 5, 6, 15)] == [0, 0, 10_000, 100_000]


def test_before_the_clock_was_ordered_there_is_none() -> None:
    with pytest.raises(LookupError):
        rules.compensation(DATA["compensation"], date(2019, 10, 14))


def test_every_break_has_an_owner() -> None:
    assert all(rules.owner(DATA["owners"], outcome) for outcome in set(Outcome) - rules.HARMLESS)
