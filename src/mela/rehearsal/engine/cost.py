"""What each second costs, in paise with GST: nodes of every group, the control plane, and bytes that leave the cluster.

Nodes are paid from the moment they are ready, as `cluster.price` knows them. Without node groups the pods are priced by
what they request, on `DEFAULT_TYPE`. Video from a CDN is not in it. The sum is rounded once, by whoever adds it up.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np

from mela.cluster import price
from mela.cluster.nodegroups import NodeGroup
from mela.rehearsal.model import Counts, Floats
from mela.rehearsal.system import Workload

DEFAULT_TYPE = "m7g.large"
NEWEST = date(2026, 11, 26)
"""Days before the first price list are priced as this one: what it would cost now."""
MB_PER_GB = 8000.0
"""Megabits in a gigabyte."""


def tariff(on: date) -> price.Tariff:
    """The prices of the day, or the newest where none are known for it."""
    try:
        return price.tariff(on)
    except price.Unpriced:
        return price.tariff(NEWEST)


def of_groups(held: price.Tariff, groups: Sequence[NodeGroup], nodes: Counts) -> Floats:
    """Paise per tick for ready nodes (n_ticks, n_pools); a type without price costs nothing here."""
    rates = np.array([_per_second(held, group) for group in groups])
    result: Floats = nodes @ rates if len(rates) else np.zeros(len(nodes))
    return result


def of_pods(held: price.Tariff, workloads: Sequence[Workload], pods: Counts) -> Floats:
    """Paise per tick for pods that run (n_ticks, n_workloads), by what they request."""
    rates = [price.pod(held, DEFAULT_TYPE, each.pod.requests.actual, {}) for each in workloads]
    per_second = np.array([float(rate / price.HOUR_S) for rate in rates])
    result: Floats = pods @ per_second if rates else np.zeros(len(pods))
    return result


def of_the_rest(held: price.Tariff, sent_mbps: Floats) -> Floats:
    """Paise per tick for the control plane and for what services send."""
    plane = float(price.other(held, "control-plane") / price.HOUR_S)
    return plane + sent_mbps / MB_PER_GB * float(price.other(held, "egress"))


def with_gst(held: price.Tariff, paise: Floats) -> Floats:
    """The same with GST, unrounded."""
    return paise * (1 + held.gst_bp / 10_000)


def _per_second(held: price.Tariff, group: NodeGroup) -> float:
    try:
        rate: Fraction = price.group(held, group)
    except price.Unpriced:
        return 0.0
    return float(rate / price.HOUR_S)
