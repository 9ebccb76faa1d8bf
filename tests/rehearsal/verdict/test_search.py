"""The smallest change that mends, found by rerunning."""

import numpy as np

from mela.cluster.objects import System
from mela.rehearsal.model import Trace
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from mela.rehearsal.verdict.model import Mend
from mela.rehearsal.verdict.search import search
from tests.rehearsal import match


def mend(things: System, offered: np.ndarray | None = None, most: int = 60) -> tuple[Mend | None, int]:
    plays = 0

    def play(altered: System) -> Trace:
        nonlocal plays
        plays += 1
        return match.play(altered, offered)

    around = Around(things)
    return search(around, play, judge(play(things), around), most=most), plays


def test_the_maximum_is_raised_as_far_as_needed_and_no_further() -> None:
    things = match.system()
    found, plays = mend(things)
    assert found is not None
    assert found.verdict.held
    assert [(one.path, one.before, one.after) for one in found.changes] == [(("spec", "maxReplicas"), 10, 15)]
    assert found.runs == plays - 1
    # One less breaks.
    less = match.system(match.TEXT.replace("maxReplicas: 10", "maxReplicas: 14"))
    assert not judge(match.play(less), Around(less)).held


def test_several_fields_where_one_is_not_enough() -> None:
    things = match.system(match.TEXT.replace('"40"', '"8"'))
    found, _ = mend(things)
    assert found is not None
    assert found.verdict.held
    assert {one.path[-1]: one.after for one in found.changes} == {"maxReplicas": 15, "pods": "15"}


def test_the_price_of_a_mend_is_what_its_rehearsal_costs_more() -> None:
    things = match.system()
    found, _ = mend(things)
    assert found is not None
    before = judge(match.play(things), Around(things)).cost_paise
    assert found.verdict.cost_paise > before


def test_a_search_without_runs_left_says_the_best_it_found() -> None:
    found, plays = mend(match.system(), most=2)
    assert plays <= 3
    assert found is None or not found.verdict.held or found.changes


def test_what_no_field_mends_stays_unmended() -> None:
    things = match.system(match.TEXT.split("---\n")[0] + "---\n" + match.TEXT.split("---\n")[2])
    offered = match.crowd()

    def play(altered: System) -> Trace:
        return match.play(match.system(), offered)  # whatever is changed, the outcome stays

    around = Around(things)
    assert search(around, play, judge(play(things), around)) is None


def test_what_a_rough_rehearsal_found_grows_until_the_exact_one_holds() -> None:
    things = match.system()
    around = Around(things)

    def rough(altered: System) -> Trace:
        return match.play(altered, match.crowd(peak=1300.0))

    found = search(around, rough, judge(rough(things), around), show=match.play)
    assert found is not None
    assert found.verdict.held
    assert [one.after for one in found.changes] == [15]
