"""What the scheduler says: rejections, scores, preemption, and the whole decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

UNSCHEDULABLE = "Unschedulable"
UNRESOLVABLE = "UnschedulableAndUnresolvable"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a node is out. `plugin` is empty where no filter looked at the node."""

    plugin: str
    code: str
    """UNSCHEDULABLE if preempting other pods may help, else UNRESOLVABLE."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node on which preemption makes room."""

    victims: tuple[str, ...]
    """`namespace/name`, the most important first."""
    pdb_violations: int


@dataclass(frozen=True, slots=True)
class Preemption:
    eligible: bool
    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    failed: Mapping[str, Rejection] = field(default_factory=dict)
    """Nodes on which preemption does not help, with the reason."""
    nominated: tuple[str, ...] = ()
    """The node to nominate; several if they are equal by every criterion."""
    message: str = ""
    """Why nothing was nominated."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one pod. A node in neither `feasible` nor `rejected` was not looked at."""

    feasible: tuple[str, ...]
    """In the order of the snapshot's nodes."""
    rejected: Mapping[str, Rejection]
    scores: Mapping[str, Mapping[str, int]]
    """By node and plugin, normalized and weighted. Empty with fewer than two feasible nodes; a plugin with nothing to
    say about the pod is missing."""
    best: tuple[str, ...]
    """The nodes with the highest total; the scheduler takes any of them."""
    preemption: Preemption | None
    """With nodes, but no feasible one."""
    message: str
    """Of the FailedScheduling event; empty when a node was found."""

    def total(self, node: str) -> int:
        return sum(self.scores[node].values())


def summary(nodes: int, counted: Counter[str]) -> str:
    """`0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.`"""
    counts = sorted(f"{count} {reason}" for reason, count in counted.items())
    return f"0/{nodes} nodes are available:" + (f" {', '.join(counts)}." if counts else "")
