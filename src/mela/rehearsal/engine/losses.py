"""Nodes that are lost with their pods, and come back: what that does to the fleets of a world."""

import numpy as np

from mela.rehearsal.engine.agenda import Due
from mela.rehearsal.engine.nodes import Flags, Nodes
from mela.rehearsal.engine.pods import LOST, READY, STARTING, Cohort, Fleet
from mela.rehearsal.engine.world import World


def lose(world: World, nodes: Nodes, lost: Flags, now_s: float, zone: str) -> None:
    """These nodes are gone; the cluster gives their pods up only after a while."""
    nodes.lose(lost)
    node = world.delays["node"]
    for fleet in world.fleets:
        before, gone = fleet.number(READY), 0
        for cohort in [each for each in fleet.cohorts if len(each.nodes) and lost[each.nodes].any()]:
            part = _part(fleet, cohort, lost)
            gone += part.count if part.state == READY else 0
            part.state = LOST
            world.agenda.at(now_s + node["lost_after"] + node["evicted_after"], _giving_up(world, fleet, part))
        if gone and fleet.workload.name in world.services:
            world.serving.cut(fleet, gone / before, node["lost_after"], now_s, at_once=True)
        if gone:
            text = f"{gone} of {before} ready pods were in {zone}"
            world.log.say(
                now_s,
                "zone-lost",
                fleet.workload.name,
                text,
                fleet.workload.field("template", "spec", "topologySpreadConstraints"),
            )
        world.serving.refresh(fleet, now_s)


def _part(fleet: Fleet, cohort: Cohort, where: Flags) -> Cohort:
    """The pods of a cohort on these nodes, as a cohort of their own."""
    on = where[cohort.nodes]
    if on.all():
        return cohort
    cohort.nodes = np.concatenate([cohort.nodes[~on], cohort.nodes[on]])
    part = cohort.split(int(on.sum()), fleet.new_id())
    fleet.cohorts.append(part)
    return part


def _giving_up(world: World, fleet: Fleet, cohort: Cohort) -> Due:
    def due(now_s: float) -> None:
        if cohort.state == LOST and cohort.count:
            world.end(fleet, [cohort], now_s, at_once=True)
            world.reconcile(fleet, now_s)

    return due


def regain(world: World, nodes: Nodes, back: Flags, now_s: float) -> None:
    """Nodes are back, with those of their pods that nobody has given up."""
    nodes.lose(back, lost=False)
    for fleet in world.fleets:
        for cohort in [each for each in fleet.cohorts if each.state == LOST and back[each.nodes].all()]:
            cohort.state = STARTING
            cohort.running_s = now_s
            world.agenda.at(now_s + world.delays["pod"]["endpoint"], world.readying(fleet, cohort))
    world.wake(now_s)
