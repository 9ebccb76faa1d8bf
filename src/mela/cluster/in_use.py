"""The most of each resource that a pod's containers hold at one time: one rule for scheduler, quota and autoscaler."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from mela.cluster.quantity import Quantity

Amount = TypeVar("Amount", int, Quantity)


def at_most(
    containers: Iterable[Mapping[str, Amount]], init: Iterable[tuple[Mapping[str, Amount], bool]]
) -> dict[str, Amount]:
    """By resource, in the unit of what is given; a name that nobody states is absent.

    Containers and sidecars run together. Each other init container runs alone with the sidecars before it; `init` has
    them in order, each with whether it is a sidecar (an init container with `restartPolicy: Always`).
    Source: AggregateContainerRequests in
    https://github.com/kubernetes/component-helpers/blob/v0.36.3/resource/helpers.go (2026-11-23).
    """
    running: dict[str, Amount] = {}
    sidecars: dict[str, Amount] = {}
    starting: dict[str, Amount] = {}
    for each in containers:
        running = add(running, each)
    for each, is_sidecar in init:
        alone = add(sidecars if is_sidecar else each, each if is_sidecar else sidecars)
        if is_sidecar:
            running, sidecars = add(running, each), alone
        starting = largest(starting, alone)
    return largest(running, starting)


def add(left: Mapping[str, Amount], right: Mapping[str, Amount]) -> dict[str, Amount]:
    summed = {name: amount + right[name] if name in right else amount for name, amount in left.items()}
    return {**right, **summed}


def largest(*lists: Mapping[str, Amount]) -> dict[str, Amount]:
    """The greatest amount of each resource; of equal ones the first stays."""
    result: dict[str, Amount] = {}
    for amounts in lists:
        result |= {name: amount for name, amount in amounts.items() if name not in result or amount > result[name]}
    return result
