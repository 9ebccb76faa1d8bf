"""Nodes come and go: what a node autoscaler orders for pods that are pending, and which empty nodes it gives back.

Every scan looks at pods that no node has room for, lets those that are starting take what they can, and orders nodes of
the first group whose nodes the pod may go to, zone by zone, within the group's maximum and in steps of a batch. A node is
ready after its start time. Nodes that have been empty for long go, down to the group's minimum; nodes with pods are
never emptied to save money (no consolidation).

Source: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md (2026-11-26); figures in data/delays.yaml.
"""

import numpy as np

from mela.cluster.nodegroups import NodeGroup
from mela.rehearsal.engine.nodes import Nodes
from mela.rehearsal.engine.pods import PENDING, Fleet
from mela.rehearsal.engine.world import World
from mela.rehearsal.model import Field


class Provisioner:
    """The node autoscaler of a world with node groups."""

    def __init__(self, world: World, nodes: Nodes) -> None:
        self.world, self.nodes = world, nodes
        self.next_batch_s = np.zeros(len(nodes.groups))
        self.ordered = 0
        self.dry_until = np.zeros(len(nodes.spots))
        """Until then the provider has no machines for a group in a zone (a fault, or a lost zone)."""

    def scan(self, now_s: float) -> None:
        """Look once, and again after the scan interval."""
        pending = [each for each in self.world.fleets if each.number(PENDING)]
        if pending:
            self._order(pending, now_s)
        self._give_back(now_s)
        self.world.agenda.at(now_s + self.world.delays["node"]["scan"], self.scan)

    def _order(self, pending: list[Fleet], now_s: float) -> None:
        """Try the pending pods on nodes that are starting; order nodes for the rest. All of it is tried on copies."""
        nodes = self.nodes
        before = nodes.snapshot()
        starting = (nodes.ready_s > now_s) & ~nodes.gone & ~nodes.lost
        wanted, without = dict[int, int](), set[int]()
        some_start = bool(starting.any())
        for fleet in sorted(pending, key=lambda each: -each.workload.pod.priority):
            left = fleet.number(PENDING)
            if some_start and not without & nodes.easier[fleet.index]:
                left -= nodes.reserve(fleet.index, left, starting)
                without |= {fleet.index} if left else set()
            for spot, number in self._share(fleet, left, wanted, now_s).items():
                wanted[spot] = wanted.get(spot, 0) + number
        nodes.restore(before)
        for spot, number in wanted.items():
            self._buy(spot, number, now_s)

    def _share(self, fleet: Fleet, pods: int, already: dict[int, int], now_s: float) -> dict[int, int]:
        """How many nodes of which spot hold these pods: of the first group that has room, evenly over its zones."""
        nodes, result = self.nodes, dict[int, int]()
        if pods <= 0:
            return result
        by_group: dict[int, list[int]] = {}
        for spot in nodes.candidates(fleet.index):
            by_group.setdefault(nodes.spots[spot].group, []).append(spot)
        for group, spots in by_group.items():
            if pods <= 0:
                break
            open_ = [spot for spot in spots if self.dry_until[spot] <= now_s]
            if len(open_) < len(spots):
                self.world.log.once(
                    now_s, "insufficient-capacity", "", f"no machines for group {nodes.groups[group].name} in a zone"
                )
            room = nodes.room_in(group) - sum(already.get(spot, 0) for spot in spots)
            if now_s < self.next_batch_s[group]:
                pods = 0
            each = nodes.per_node(fleet.index, spots[0])
            number = min(room, -(-pods // max(each, 1)), nodes.groups[group].batch)
            if room <= 0 and pods > 0:
                name, field = nodes.groups[group].name, _most(nodes.groups[group])
                text = f"node group {name} is at its maximum of {nodes.groups[group].max_size} while {pods} pods wait"
                self.world.log.once(now_s, "node-group-full", fleet.workload.name, text, field)
            for index in range(max(number, 0) if open_ else 0):
                spot = open_[index % len(open_)]
                result[spot] = result.get(spot, 0) + 1
            pods -= max(number, 0) * each
        return result

    def _buy(self, spot: int, number: int, now_s: float) -> None:
        world, nodes, delay = self.world, self.nodes, self.world.delays["node"]
        group = nodes.spots[spot].group
        luck = world.luck("node", spot, int(now_s)).standard_normal(number)
        ready = now_s + nodes.groups[group].start_s * world.condition.slow_nodes * np.maximum(
            0.5, 1.0 + delay["spread"] * luck
        )
        nodes.add(spot, number, list(ready))
        self.next_batch_s[group] = now_s + (delay["batch_every"] if number >= nodes.groups[group].batch else 0.0)
        for when in sorted(set(np.ceil(ready).tolist())):
            world.agenda.at(float(when), world.wake)
        self.ordered += number
        name = nodes.groups[group].name
        text = f"{number} nodes of {name} ordered in {nodes.spots[spot].zone}, ready in about {nodes.groups[group].start_s:g} s"
        world.log.say(now_s, "nodes-added", "", text, _most(nodes.groups[group]))

    def _give_back(self, now_s: float) -> None:
        nodes, unneeded = self.nodes, self.world.delays["node"]["unneeded"]
        ready = nodes.usable(now_s)
        empty = (
            ready & (nodes.held.sum(axis=0) == 0) & (np.maximum(nodes.idle_since, nodes.ready_s) <= now_s - unneeded)
        )
        if not empty.any() or now_s < unneeded:
            return
        group_of = nodes.group_of()
        for index, group in enumerate(nodes.groups):
            mine = np.flatnonzero(empty & (group_of == index))
            gone = mine[: max(0, nodes.in_group(index) - group.min_size)]
            nodes.take_away(gone)
            if len(gone):
                self.world.log.say(
                    now_s,
                    "nodes-removed",
                    "",
                    f"{len(gone)} empty nodes of {group.name} went away",
                    Field(group.object, group.at),
                )


def _most(group: NodeGroup) -> Field:
    """Where the group's largest size stands."""
    return Field(group.object, group.most_at)
