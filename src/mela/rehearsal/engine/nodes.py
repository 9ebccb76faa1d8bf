"""Nodes as arrays, and where the scheduler puts many pods that are alike.

`cluster.scheduler` decides for one pod and looks at every node. Here a batch of equal pods is placed at once: zones are
levelled, and in each zone the nodes whose scores stay highest get the pods. Filters that ask about a node's kind (taints,
selectors, affinity) are asked once per node group and zone, of `cluster.scheduler` itself; room, the score of free room and
hard spreading over zones are its arithmetic over all nodes at once. tests/rehearsal/test_nodes.py holds it against the
scheduler, pod by pod: the same number placed and left over, and the same number in each zone but for one.

Not here: preferred affinity, host ports, volumes, images in scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mela.cluster.nodegroups import NodeGroup
from mela.cluster.scheduler import node_affinity, nodes, pods, spread, taints, terms
from mela.rehearsal.system import Workload

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
RESOURCES = ("cpu", "memory", "pods", "ephemeral-storage")
NOWHERE = np.zeros(0, dtype=np.int64)
PLENTY = 1 << 50
"""Of what a node does not state."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A node group in a zone: what its nodes look like, and when they may grow."""

    group: int
    zone: str
    node: nodes.Node
    has: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Asks:
    """What a workload's pod asks of a node: amounts, the spots that it may go to, and its spreading.

    `skew` is the hard bound between zones, 0 for none; `soft`: zones are evened out where there is room. `apart` is how
    many of its pods a node may hold at most, 0 for any number.
    """

    needs: Ints
    scored: Ints
    allowed: Flags
    skew: int
    soft: bool
    apart: int
    priority: int


class Nodes:
    """All nodes that are, were or will be. Arrays by node (N,); `held` (W, N) is pods by workload."""

    def __init__(self, groups: Sequence[NodeGroup], workloads: Sequence[Workload]) -> None:
        self.groups = tuple(groups)
        self.spots = [_spot(index, group, zone) for index, group in enumerate(groups) for zone in group.zones or ("",)]
        self.zones = sorted({spot.zone for spot in self.spots})
        self.group_of_spot = np.array([spot.group for spot in self.spots], dtype=np.int64)
        self.zone_of_spot = np.array([self.zones.index(spot.zone) for spot in self.spots], dtype=np.int64)
        self.has_of_spot = np.array([spot.has for spot in self.spots]).reshape(-1, len(RESOURCES))
        self.asks = [_asks(each, self.spots) for each in workloads]
        self.easier = _easier(self.asks)
        """By workload: those that find a node wherever it does. Where one of them finds none, it need not look."""
        self.spot = np.zeros(0, dtype=np.int64)
        self.ready_s = np.zeros(0)
        self.gone = np.zeros(0, dtype=bool)
        self.cordoned = np.zeros(0, dtype=bool)
        self.lost = np.zeros(0, dtype=bool)
        self.free = np.zeros((0, len(RESOURCES)), dtype=np.int64)
        self.counted = np.zeros((0, 2), dtype=np.int64)
        self.held = np.zeros((len(workloads), 0), dtype=np.int64)
        self.warm = np.zeros((len(workloads), 0), dtype=bool)
        self.idle_since = np.zeros(0)
        self._ready = np.zeros(len(self.groups), dtype=np.int64)
        self._ready_until = -np.inf
        """Until then `_ready` holds; it is put back when nodes come or go."""

    def settle(self, ready_s: float) -> None:
        """Every group at its smallest, zones in turn."""
        for index, group in enumerate(self.groups):
            spots = [place for place, spot in enumerate(self.spots) if spot.group == index]
            for number in range(group.min_size):
                self.add(spots[number % len(spots)], 1, [ready_s])

    @property
    def zone(self) -> Ints:
        result: Ints = self.zone_of_spot[self.spot]
        return result

    def group_of(self) -> Ints:
        """The group of each node."""
        result: Ints = self.group_of_spot[self.spot]
        return result

    def add(self, spot: int, count: int, ready_s: Sequence[float]) -> Ints:
        """New nodes, ready at these times; returns their indexes."""
        first = len(self.spot)
        self._ready_until = -np.inf
        self.spot = np.append(self.spot, np.full(count, spot, dtype=np.int64))
        self.ready_s = np.append(self.ready_s, np.asarray(ready_s, dtype=float))
        for name in ("gone", "cordoned", "lost"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(count, dtype=bool)))
        self.idle_since = np.append(self.idle_since, np.asarray(ready_s, dtype=float))
        self.free = np.concatenate([self.free, np.tile(self.has_of_spot[spot], (count, 1))])
        self.counted = np.concatenate([self.counted, np.zeros((count, 2), dtype=np.int64)])
        self.held = np.concatenate([self.held, np.zeros((len(self.held), count), dtype=np.int64)], axis=1)
        self.warm = np.concatenate([self.warm, np.zeros((len(self.warm), count), dtype=bool)], axis=1)
        return np.arange(first, first + count)

    def ready_by_group(self, now_s: float) -> Ints:
        """Nodes of each group that are there now."""
        if now_s >= self._ready_until:
            alive = ~self.gone & ~self.lost & (self.ready_s <= now_s)
            self._ready = np.bincount(self.group_of_spot[self.spot[alive]], minlength=len(self.groups))
            self._ready_until = self.ready_s[self.ready_s > now_s].min(initial=np.inf)
        return self._ready

    def take_away(self, which: Flags | int | Ints) -> None:
        """These nodes are gone for good."""
        self.gone[which] = True
        self._ready_until = -np.inf

    def lose(self, which: Flags, *, lost: bool = True) -> None:
        """These nodes are lost, or are back."""
        self.lost[which] = lost
        self._ready_until = -np.inf

    def usable(self, now_s: float) -> Flags:
        """Nodes that take pods now."""
        return (self.ready_s <= now_s) & ~self.gone & ~self.cordoned & ~self.lost

    def place(self, workload: int, count: int, now_s: float) -> Ints:
        """Put up to `count` pods on nodes; returns the node of each that found one, in order."""
        return self._fill(workload, count, self.usable(now_s))

    def reserve(self, workload: int, count: int, among: Flags) -> int:
        """Take room for up to `count` pods on these nodes, the first ones first; returns for how many there was some."""
        room = self.fits(workload, among)
        taken = np.minimum(room, np.maximum(count - (np.cumsum(room) - room), 0))
        self.held[workload] += taken
        self.free -= taken[:, None] * self.asks[workload].needs
        return int(taken.sum())

    def snapshot(self) -> tuple[Ints, Ints]:
        """What `restore` takes back to."""
        return self.free.copy(), self.held.copy()

    def restore(self, before: tuple[Ints, Ints]) -> None:
        """Undo every reservation since the snapshot; no node may have come since."""
        self.free, self.held = before

    def per_node(self, workload: int, spot: int) -> int:
        """Pods of the workload that an empty node of the spot holds."""
        asks = self.asks[workload]
        has = self.has_of_spot[spot]
        wanted = asks.needs > 0
        room = int((has[wanted] // asks.needs[wanted]).min())
        return min(room, asks.apart) if asks.apart else room

    def release(self, workload: int, where: Ints, now_s: float) -> None:
        """Give back what these pods held."""
        asks = self.asks[workload]
        back = np.bincount(where, minlength=len(self.spot))
        self.held[workload] -= back
        self.free += back[:, None] * asks.needs
        self.counted -= back[:, None] * asks.scored
        empty = (back > 0) & (self.held.sum(axis=0) == 0)
        self.idle_since = np.where(empty, now_s, self.idle_since)

    def fits(self, workload: int, among: Flags) -> Ints:
        """How many more pods of the workload each node has room for."""
        asks, room = self.asks[workload], np.zeros(len(self.spot), dtype=np.int64)
        able = among & asks.allowed[self.spot]
        wanted = np.flatnonzero(asks.needs)
        for resource in wanted:
            able &= self.free[:, resource] >= asks.needs[resource]
        here = np.flatnonzero(able)
        if not len(here):
            return room
        each = (self.free[here][:, wanted] // asks.needs[wanted]).min(axis=1)
        room[here] = np.maximum(np.minimum(each, asks.apart - self.held[workload][here]), 0) if asks.apart else each
        return room

    def candidates(self, workload: int) -> list[int]:
        """Spots that the workload may go to and fits into, the zones with the fewest nodes first."""
        asks = self.asks[workload]
        there = np.bincount(self.spot[~self.gone], minlength=len(self.spots))
        able = [
            index
            for index, spot in enumerate(self.spots)
            if asks.allowed[index] and bool((asks.needs <= spot.has).all())
        ]
        return sorted(able, key=lambda index: (self.spots[index].group, there[index], index))

    def in_group(self, group: int) -> int:
        """Nodes of the group, those that are starting included."""
        return int((self.group_of()[~self.gone] == group).sum()) if len(self.spot) else 0

    def room_in(self, group: int) -> int:
        """How many more nodes the group may have."""
        return max(0, self.groups[group].max_size - self.in_group(group))

    def stretch(self, workload: int) -> float:
        """How much more than its request a pod without limit gets on a busy node: allocatable over requested."""
        here = np.flatnonzero(self.held[workload])
        if not len(here):
            return 1.0
        has = self.has_of_spot[self.spot[here]][:, 0]
        used = has - self.free[here][:, 0]
        weights = self.held[workload][here]
        return float(np.average(has / np.maximum(used, 1), weights=weights))

    def _fill(self, workload: int, count: int, among: Flags) -> Ints:
        room = self.fits(workload, among)
        open_ = np.flatnonzero(room)
        if not len(open_) or count <= 0:
            return NOWHERE
        chosen = [
            self._best(workload, nodes_, room[nodes_], quota)
            for nodes_, quota in self._quotas(workload, count, among, open_, room)
            if quota
        ]
        return np.concatenate(chosen) if chosen else NOWHERE

    def _quotas(self, workload: int, count: int, among: Flags, open_: Ints, room: Ints) -> Iterator[tuple[Ints, int]]:
        """The open nodes of each zone with the pods that go there; all nodes together where zones do not matter."""
        asks, zone = self.asks[workload], self.zone
        domains = np.unique(zone[among & asks.allowed[self.spot]])
        if not (asks.skew or asks.soft) or len(domains) < 2:
            yield open_, min(count, int(room[open_].sum()))
            return
        there = np.bincount(zone, weights=self.held[workload], minlength=len(self.zones)).astype(np.int64)
        free = np.bincount(zone[open_], weights=room[open_], minlength=len(self.zones)).astype(np.int64)
        quotas = level(there[domains].tolist(), free[domains].tolist(), count, asks.skew)
        for domain, quota in zip(domains, quotas, strict=True):
            yield open_[zone[open_] == domain], quota

    def _best(self, workload: int, nodes_: Ints, room: Ints, quota: int) -> Ints:
        """Put `quota` pods on these nodes: always on the one with the highest score, which each pod lowers.

        Of all scores that the nodes would have for their next pods, the highest count; a pod's score is no higher than
        that of the pod before it on its node, because it cannot come first.
        """
        asks = self.asks[workload]
        deep = min(int(room.max()), quota)
        score = np.minimum.accumulate(self._scores(asks, nodes_, deep), axis=1)
        score[np.arange(deep)[None, :] >= room[:, None]] = -1
        earlier = np.arange(len(nodes_))[:, None]  # of equals the first; nodes come zone after zone in turn
        flat = ((score * (deep + 1) - np.arange(deep)) * len(nodes_) - earlier).ravel()
        if quota < len(flat):
            first = np.argpartition(-flat, quota - 1)[:quota]
            counts = np.bincount(first // deep, minlength=len(nodes_))
        else:
            counts = np.minimum(room, deep)
        return self._take(workload, nodes_, counts)

    def _scores(self, asks: Asks, nodes_: Ints, deep: int) -> Ints:
        """NodeResourcesFit's least-allocated and balanced scores (n, deep) for the next pods of each node.

        In the integers of `cluster.scheduler.capacity`.
        """
        has = self.has_of_spot[self.spot[nodes_]][:, None, :2]
        before = np.arange(deep)[None, :, None]
        used = self.counted[nodes_][:, None, :] + asks.scored * (before + 1)
        free = np.where(used <= has, (has - used) * 100 // np.maximum(has, 1), 0)
        asked = has - self.free[nodes_][:, None, :2] + asks.needs[:2] * before
        gain = _balance(asked + asks.needs[:2], has) - _balance(asked, has)
        result: Ints = free.sum(axis=2) // 2 + 50 + (50 + gain) // 2
        return result

    def _take(self, workload: int, nodes_: Ints, counts: Ints) -> Ints:
        asks = self.asks[workload]
        self.held[workload, nodes_] += counts
        self.free[nodes_] -= counts[:, None] * asks.needs
        self.counted[nodes_] += counts[:, None] * asks.scored
        return np.repeat(nodes_, counts)


def level(there: Sequence[int], free: Sequence[int], count: int, skew: int) -> list[int]:
    """How many of `count` pods each zone gets, the emptiest first, within its free room.

    `there` are the pods that zones have. With `skew` no zone may have more than that above the emptiest one, whose own
    room may be used up.
    """
    now, room, left = list(there), list(free), count
    while left > 0:
        least = min(now)
        open_ = [index for index, each in enumerate(room) if each > 0 and (not skew or now[index] + 1 - least <= skew)]
        if not open_:
            break
        lowest = min(now[index] for index in open_)
        chosen = [index for index in open_ if now[index] == lowest]
        above = [now[index] for index in open_ if now[index] > lowest]
        step = min([room[index] for index in chosen] + [each - lowest for each in above])
        if skew and len(chosen) < len(now):
            step = min(step, least + skew - lowest)
        step = max(1, min(step, left // len(chosen)))
        for index in chosen[:left]:
            now[index], room[index] = now[index] + step, room[index] - step
            left -= step
    return [after - before for after, before in zip(now, there, strict=True)]


def _balance(used: Ints, has: Ints) -> Ints:
    share = np.minimum(used / np.maximum(has, 1), 1.0)
    result: Ints = ((1 - np.abs(share[..., 0] - share[..., 1]) / 2) * 100).astype(np.int64)
    return result


def _spot(index: int, group: NodeGroup, zone: str) -> Spot:
    node = group.nodes(1, [zone] if zone else None)[0]
    has = np.array([node.allocatable.get(name, PLENTY if name == "ephemeral-storage" else 0) for name in RESOURCES])
    return Spot(index, zone, node, has)


def _asks(workload: Workload, spots: Sequence[Spot]) -> Asks:
    pod = workload.pod
    amounts = {**pod.requests.actual, "pods": 1}
    own = pod.requests.own
    skew, soft = _spreading(pod)
    return Asks(
        needs=np.array([amounts.get(name, 0) for name in RESOURCES], dtype=np.int64),
        scored=np.array([own.get("cpu", 0), own.get("memory", 0)], dtype=np.int64),
        allowed=np.array([_may_go(pod, spot.node) for spot in spots], dtype=bool),
        skew=skew,
        soft=soft,
        apart=_apart(pod),
        priority=pod.priority,
    )


def _easier(asks: Sequence[Asks]) -> list[frozenset[int]]:
    """Of each workload itself, and those that ask for no more, may go wherever it may, and stand in nobody's way."""
    if not asks:
        return []
    needs, allowed = np.array([each.needs for each in asks]), np.array([each.allowed for each in asks])
    no_more: Flags = np.all(needs[None] <= needs[:, None], axis=2) & np.all(allowed[None] >= allowed[:, None], axis=2)
    free = np.array([not each.skew and not each.apart for each in asks])
    return [frozenset({own, *np.flatnonzero(no_more[own] & free).tolist()}) for own in range(len(asks))]


def _may_go(pod: pods.Pod, node: nodes.Node) -> bool:
    return taints.reject(pod, node) is None and node_affinity.reject(node_affinity.required(pod), node) is None


def _spreading(pod: pods.Pod) -> tuple[int, bool]:
    """The hard skew over zones, and whether zones are evened out. The defaults even out nodes, as free room does."""
    stated: Sequence[Mapping[str, object]] = pod.spec.get("topologySpreadConstraints") or ()
    own = [
        each
        for each in stated
        if each.get("topologyKey") == spread.ZONE
        and terms.selector_with_keys(each.get("labelSelector"), pod.labels, None).matches(pod.labels)  # type: ignore[arg-type]
    ]
    hard = [each.get("maxSkew") for each in own if each.get("whenUnsatisfiable") == "DoNotSchedule"]
    skews = [each for each in hard if isinstance(each, int)]
    return min(skews, default=0), bool(own)


def _apart(pod: pods.Pod) -> int:
    """1 where a required anti-affinity keeps pods of one workload off each other's nodes."""
    own = (term for term in pod.affinity.required_apart if term.topology_key == spread.HOSTNAME)
    return int(any(term.matches(pod.namespace, pod.labels, {}) for term in own))
