"""A call graph as arrays: operations, the calls between them, and how they sum up by service.

Actions become operations of a service of their own, the crowd, which stands outside and is never full; so every arrow is
a call from an operation to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mela.rehearsal import calls
from mela.rehearsal.model import Floats

Indexes = npt.NDArray[np.int64]
CROWD = "crowd"
MB_PER_KB = 8.0 / 1000.0
"""Megabits in a kilobyte."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Arrays by service (S), operation (O) and call (E). The crowd's operations come last, one per action, in order.

    `by_service` (S+1, O) sums operations, `into` (O, E) sums calls by the operation they go to. The crowd is row S.
    """

    services: tuple[calls.Service, ...]
    actions: tuple[str, ...]
    operations: tuple[str, ...]
    calls: tuple[calls.Call, ...]
    service_of: Indexes
    by_service: Floats
    cpu_s: Floats
    """Of a request that finds its pod idle."""
    saves_s: Floats
    """What it costs less at a pod that is never idle."""
    varies: Floats
    """The squared coefficient of variation of the CPU of a request."""
    wait_s: Floats
    sends_mb: Floats
    tier: Indexes
    caller: Indexes
    callee: Indexes
    into: Floats
    times: Floats
    timeout_s: Floats
    retries: Indexes
    needed: Floats
    pool: Floats

    @property
    def n_services(self) -> int:
        return len(self.services)

    @property
    def crowd(self) -> slice:
        """The crowd's operations."""
        return slice(len(self.operations) - len(self.actions), len(self.operations))


def of(graph: calls.Graph, actions: Sequence[str]) -> Network:
    """The arrays of a graph for these actions. Raises: ValueError for an action that the graph does not have."""
    unknown = [name for name in actions if name not in graph.actions]
    if unknown:
        known = ", ".join(graph.actions)
        raise ValueError(f"call graph {graph.name} has no action {', '.join(unknown)}; it has {known}")
    services = tuple(graph.services.values())
    place = {each.name: index for index, each in enumerate(services)}
    real = list(graph.operations())
    names = [name for name, _, _ in real] + [f"{CROWD}.{name}" for name in actions]
    what = [operation for _, _, operation in real]
    what += [calls.Operation(calls=graph.actions[name].calls) for name in actions]
    service_of = np.array([place[each.name] for _, each, _ in real] + [len(services)] * len(actions))
    edges = [(index, call) for index, each in enumerate(what) for call in each.calls]
    index_of = {name: index for index, name in enumerate(names)}
    callee = np.array([index_of[call.to] for _, call in edges], dtype=np.int64)
    by_service = np.zeros((len(services) + 1, len(what)))
    by_service[service_of, np.arange(len(what))] = 1.0
    into = np.zeros((len(what), len(edges)))
    into[callee, np.arange(len(edges))] = 1.0
    return Network(
        services=services,
        actions=tuple(actions),
        operations=tuple(names),
        calls=tuple(call for _, call in edges),
        service_of=service_of,
        by_service=by_service,
        cpu_s=np.array([each.cpu_ms / 1000 for each in what]),
        saves_s=np.array(
            [0.0 if each.busy_cpu_ms is None else (each.cpu_ms - each.busy_cpu_ms) / 1000 for each in what]
        ),
        varies=np.array([each.cv**2 for each in what]),
        wait_s=np.array([each.wait_ms / 1000 for each in what]),
        sends_mb=np.array([each.sends_kb * MB_PER_KB for each in what]),
        tier=np.array([each.tier for each in what]),
        caller=np.array([index for index, _ in edges], dtype=np.int64),
        callee=callee,
        into=into,
        times=np.array([call.times * (1 - call.cached) for _, call in edges]),
        timeout_s=np.array([call.timeout_ms / 1000 for _, call in edges]),
        retries=np.array([call.retries for _, call in edges], dtype=np.int64),
        needed=np.array([0.0 if call.optional else 1.0 for _, call in edges]),
        pool=np.array([float(call.pool) for _, call in edges]),
    )
