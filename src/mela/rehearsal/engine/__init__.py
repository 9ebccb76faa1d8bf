"""The engine: a system of manifests under a demand, second by second.

    trace = engine.run(system.of(objects), event.demand(), calls.load("streaming"), seed=7)

Every decision of Kubernetes is `cluster`'s: the autoscaler, admission, budgets, rollouts, filters of the scheduler. Here is
what lies between the decisions: time, queues, starts, nodes, metrics that are late.

    run, stage the loop           flow, queueing, network   requests through services
    world      pods and nodes     pods, nodes, provision     cohorts, places, node groups
    boots      how long           losses, memory             nodes that are lost, pods that are killed
    scaling    HPA syncs          metrics                    what the metrics APIs know
    admission  quotas             rollouts, drains, trouble  changes and faults
    cost       rupees             watch, happenings          what is said about it

इंजन: हर सेकंड भीड़, कतारें, पॉड और नोड; निर्णय वही जो Kubernetes लेता।
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mela.rehearsal.calls import Graph
from mela.rehearsal.engine import delays, trouble
from mela.rehearsal.engine.run import QUICK_S, Progress, Run
from mela.rehearsal.engine.stage import Stage
from mela.rehearsal.faults import Fault
from mela.rehearsal.model import Demand, Strategy, Trace
from mela.rehearsal.strategies import AsWritten
from mela.rehearsal.system import Rehearsed

AS_WRITTEN = AsWritten()
Measured: TypeAlias = Mapping[str, Mapping[str, float]]
"""Delays of one cluster by group and name, as in data/delays.yaml; those that it does not name hold as they stand there."""
NOTHING: Measured = {}
Clocks: TypeAlias = Mapping[str, Sequence[float]]
"""When syncs (`autoscaler`) and scrapes (`resource_metrics`) came in a run that was watched, in seconds after the start, from before it until after
the end. They jitter by milliseconds, and a pod more or less can depend on one."""
UNSEEN: Clocks = {}


def run(
    system: Rehearsed,
    demand: Demand,
    graph: Graph,
    *,
    faults: tuple[Fault, ...] = (),
    strategy: Strategy = AS_WRITTEN,
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    measured: Measured = NOTHING,
    clocks: Clocks = UNSEEN,
) -> Trace:
    """Play the demand through the system. The same arguments give the same trace, bit by bit.

    `quick` steps ten seconds at a time: served within 2 %, peak replicas within 10 %. `progress` is
    called with ticks done and all ticks. `measured` are delays of one cluster, `clocks` its syncs and scrapes, where they are known. Raises: ValueError for actions, workloads or faults that do not fit together.
    """
    held = delays.on(demand.start.date()).but(measured, clocks)
    stage = Stage(system, demand, graph, strategy, seed, QUICK_S if quick else 1, held)
    for fault in faults:
        trouble.plant(stage, fault)
    Run(stage).go(progress)
    return stage.trace(seed)
