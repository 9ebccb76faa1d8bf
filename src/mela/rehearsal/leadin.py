"""Ten minutes before an event, in which everything settles: nobody's autoscaler meets a crowd out of nothing.

The crowd is held as it is in the event's first second. What happens meanwhile is not reported and not paid for.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta

import numpy as np

from mela.rehearsal.faults import Fault
from mela.rehearsal.model import Demand, Floats, Services, Trace

LEAD_S = 600


def before(demand: Demand) -> Demand:
    """The demand with its lead-in."""

    def held(series: Floats) -> Floats:
        return np.concatenate((np.repeat(series[:1], LEAD_S, axis=0), series))

    return replace(
        demand,
        start=demand.start - timedelta(seconds=LEAD_S),
        arrivals=held(demand.arrivals),
        levels={name: held(level) for name, level in demand.levels.items()},
        moments=tuple(replace(moment, at_s=moment.at_s + LEAD_S) for moment in demand.moments),
        lead_s=LEAD_S,
    )


def later(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Faults with a time after the start count from the event's, not from the lead-in's."""
    return tuple(fault if fault.moment else replace(fault, offset_s=fault.offset_s + LEAD_S) for fault in faults)


def without(trace: Trace) -> Trace:
    """The trace of the event alone."""
    services = trace.services
    series = {field.name: getattr(services, field.name)[LEAD_S:] for field in fields(Services) if field.name != "names"}
    return replace(
        trace,
        start=trace.start + timedelta(seconds=LEAD_S),
        services=replace(services, **series),
        asked=trace.asked[LEAD_S:],
        answered=trace.answered[LEAD_S:],
        nodes=trace.nodes[LEAD_S:],
        bandwidth_mbps=trace.bandwidth_mbps[LEAD_S:],
        quality=trace.quality[LEAD_S:],
        cost_paise=trace.cost_paise[LEAD_S:],
        levels={name: level[LEAD_S:] for name, level in trace.levels.items()},
        moments=tuple(replace(moment, at_s=moment.at_s - LEAD_S) for moment in trace.moments),
        happenings=tuple(
            replace(one, at_s=one.at_s - LEAD_S, until_s=max(0, one.until_s - LEAD_S))
            for one in trace.happenings
            if one.at_s >= LEAD_S
        ),
    )
