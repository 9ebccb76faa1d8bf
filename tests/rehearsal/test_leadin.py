"""The ten minutes before an event."""

from dataclasses import replace

import numpy as np

from mela.rehearsal import faults, leadin
from mela.rehearsal.engine import happenings
from mela.rehearsal.model import Demand, Moment
from tests.rehearsal import match


def test_what_is_led_in_and_cut_is_the_event_again() -> None:
    trace = match.play(match.system())
    demand = Demand(trace.start, trace.actions, trace.asked, trace.levels, trace.moments)
    longer = leadin.before(demand)
    assert longer.ticks == demand.ticks + leadin.LEAD_S
    assert (longer.arrivals[: leadin.LEAD_S] == demand.arrivals[0]).all()
    assert longer.moments[0] == Moment(match.TOSS_S + leadin.LEAD_S, "toss", "Toss")

    offered = longer.arrivals[:, 0]
    led = replace(match.play(match.system(), offered), start=longer.start, moments=longer.moments)
    cut = leadin.without(led)
    assert cut.start == trace.start
    assert cut.ticks == trace.ticks
    assert cut.moments == trace.moments
    assert np.array_equal(cut.services.offered, trace.services.offered)
    assert all(one.at_s >= 0 for one in cut.happenings)


def test_faults_count_from_the_event() -> None:
    by_time, by_moment = faults.parse("metrics@+30m"), faults.parse("metrics@toss+2m")
    assert [one.offset_s for one in leadin.later([by_time, by_moment])] == [1800 + leadin.LEAD_S, 120]


def test_what_goes_on_when_the_event_begins_is_said_then_and_not_in_the_lead_in() -> None:
    log = happenings.Log(from_s=600)
    for at_s in range(500, 1000, 100):
        log.once(at_s, "overload", "web", f"at {at_s}")
    log.say(10, "scaled", "web", "before")
    (said,) = log.all()
    assert (said.at_s, said.until_s, said.text) == (600, 900, "at 600")


def test_a_second_episode_leaves_the_first_its_end() -> None:
    log = happenings.Log()
    for at_s in (0, 200, 450, 1000, 1100):
        log.once(at_s, "overload", "web", "")
    assert [(each.at_s, each.until_s) for each in log.all()] == [(0, 450), (1000, 1100)]
