"""Where users got worse than promised: stretches of seconds, service by service.

A stretch of errors is one in which the error budget of a month would burn 14.4 times as fast as it may, the rate at
which a person is called. Source: https://sre.google/workbook/alerting-on-slos/ (2026-11-26).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mela.rehearsal.model import Floats, Trace
from mela.rehearsal.verdict import objectives
from mela.rehearsal.verdict.model import Harm

BURN = 14.4
WINDOW_S = 60
"""Shares of failures are over this long, so that one unlucky second is no outage."""
GAP_S = 180
"""Stretches this near to each other are one."""
FEWEST = 1.0
"""Requests lost that are worth a word."""

Mask = npt.NDArray[np.bool_]


def harms(trace: Trace) -> tuple[Harm, ...]:
    """All stretches, by their first second."""
    found = [
        harm for column, name in enumerate(trace.services.names) for harm in (*_errors(trace, column, name), *_slow(trace, column, name))
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda harm: (harm.first_s, harm.service, harm.kind)))


def slow(trace: Trace, column: int) -> Mask:
    """(n_ticks,): seconds in which the p99 of what a service served was over its promise."""
    promised = objectives.of(trace.services.names[column]).p99_s
    return (trace.services.latency_p99_s[:, column] > promised) & (trace.services.served[:, column] > 0)


def stretches(mask: Mask, gap_s: int = GAP_S) -> Iterator[tuple[int, int]]:
    """First and last index of each run of true values; runs with a short gap between them are one."""
    places = np.flatnonzero(mask)
    if not places.size:
        return
    breaks = np.flatnonzero(np.diff(places) > gap_s)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, places.size - 1)
    yield from ((int(places[first]), int(places[last])) for first, last in zip(firsts, lasts, strict=True))


def rolling(values: Floats, width: int = WINDOW_S) -> Floats:
    """The sum over the last `width` ticks, this one included."""
    summed = np.cumsum(values)
    return np.asarray(summed - np.concatenate((np.zeros(width), summed))[: summed.size])


def _errors(trace: Trace, column: int, name: str) -> Iterator[Harm]:
    services = trace.services
    lost = services.shed[:, column] + services.failed[:, column]
    # What fails now was offered before: measured against all that ended in the window.
    ended = rolling(lost + services.served[:, column])
    share = np.divide(rolling(lost), ended, out=np.zeros_like(lost), where=ended > 0)
    worth = BURN * (1 - objectives.of(name).available)
    bad = lost > worth * (lost + services.served[:, column])
    for first, last in stretches(share > worth):
        began = max(0, first - WINDOW_S + 1)
        places = began + np.flatnonzero(bad[began : last + 1])
        began, ended_s = int(places[0]), int(places[-1])
        total = float(lost[began : ended_s + 1].sum())
        if total >= FEWEST:
            yield Harm(name, "errors", began, ended_s, float(share[first : last + 1].max()), total)


def _slow(trace: Trace, column: int, name: str) -> Iterator[Harm]:
    late = slow(trace, column)
    lasting = rolling(late.astype(float), WINDOW_S // 2) > WINDOW_S / 4
    for first, last in stretches(lasting):
        began = max(0, first - WINDOW_S // 4)
        longest = float(trace.services.latency_p99_s[began : last + 1, column].max())
        served = float(trace.services.served[began : last + 1, column][late[began : last + 1]].sum())
        yield Harm(name, "slow", began, last, longest, served)
