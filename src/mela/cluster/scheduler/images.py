"""Nodes that already hold a pod's images score higher (plugin ImageLocality).

Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/framework/plugins/imagelocality/image_locality.go
(read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mela.cluster.scheduler.nodes import Node
from mela.cluster.scheduler.pods import Pod

MEBIBYTE = 1024 * 1024
LEAST = 23 * MEBIBYTE
MOST_PER_CONTAINER = 1000 * MEBIBYTE


def score(pod: Pod, feasible: Iterable[Node], nodes: Sequence[Node]) -> list[int]:
    """The bytes that are there already, each image scaled by the share of nodes that have it, between 23 MiB (0) and
    1000 MiB per container (100). An image's size is what the first node with it says."""
    containers = [*(pod.spec.get("initContainers") or []), *(pod.spec.get("containers") or [])]
    volumes = [each["image"].get("reference") or "" for each in pod.spec.get("volumes") or [] if each.get("image")]
    wanted = [full_name(name) for name in [*(each.get("image") or "" for each in containers), *volumes]]
    worth = {name: _worth(name, nodes) for name in wanted}
    most = MOST_PER_CONTAINER * len(containers)
    there = (sum(worth[name] for name in wanted if name in node.images) for node in feasible)
    return [100 * (min(max(each, LEAST), most) - LEAST) // (most - LEAST) for each in there]


def full_name(image: str) -> str:
    """With `:latest` where no tag is given; a colon before the last slash belongs to the registry's port."""
    return image if image.rfind(":") > image.rfind("/") else f"{image}:latest"


def _worth(image: str, nodes: Sequence[Node]) -> int:
    sizes = [node.images[image] for node in nodes if image in node.images]
    return int(sizes[0] * (len(sizes) / len(nodes))) if sizes else 0
