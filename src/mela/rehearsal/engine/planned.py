"""What is known of a demand beforehand: all its actions, its bandwidth, and the requests that it makes."""

from collections.abc import Mapping

import numpy as np

from mela.rehearsal import calls
from mela.rehearsal.engine.network import Network
from mela.rehearsal.model import Demand, Floats

BANDWIDTH = "mbps"
"""The level of a demand that says its bandwidth itself."""


def arrivals(demand: Demand, graph: calls.Graph) -> tuple[tuple[str, ...], Floats]:
    """Actions and arrivals (n_ticks, n_actions): those of the demand, then those that its levels bring by themselves."""
    names, columns = list(demand.actions), [demand.arrivals]
    for level, series in demand.levels.items():
        brought = graph.levels.get(level, calls.Level()).every_s
        for action, every_s in brought.items():
            if action not in names:
                names.append(action)
                columns.append((series / every_s)[:, None])
    return tuple(names), np.ascontiguousarray(np.concatenate(columns, axis=1))


def bandwidth(levels: Mapping[str, Floats], graph: calls.Graph, ticks: int) -> Floats:
    """Megabits per second that the levels take, tick by tick."""
    if BANDWIDTH in levels:
        return levels[BANDWIDTH]
    total = np.zeros(ticks)
    for level, series in levels.items():
        total = total + series * graph.levels.get(level, calls.Level()).mbps
    return total


def carried(asked_mbps: Floats, graph: calls.Graph) -> tuple[Floats, Floats]:
    """What the network carries of what levels ask for, and the share of its bitrate that each picture gets, tick by tick.

    Players ask for less when less comes; all of them share what there is.
    """
    if not graph.ceiling_gbps:
        return asked_mbps, np.ones(len(asked_mbps))
    found = np.minimum(asked_mbps, graph.ceiling_gbps * 1000)
    return found, found / np.maximum(asked_mbps, 1e-9) * (asked_mbps > 0) + (asked_mbps <= 0)


def rates(network: Network, asked: Floats) -> Floats:
    """Requests per second by operation when all goes well, for actions per second."""
    total = np.zeros(len(network.operations))
    wave = np.zeros(len(network.operations))
    wave[network.crowd] = asked
    while wave.any():
        total += wave
        wave = network.into @ (wave[network.caller] * network.times)
    return total
