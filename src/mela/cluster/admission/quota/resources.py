"""Lists of resources: names with quantities, compared and rounded as Kubernetes does (added in `cluster.in_use`).

A list is never changed in place. Sums keep the spelling (`Gi`, `M`, `e6`) of their first non-zero term.
Source: https://pkg.go.dev/k8s.io/apiserver@v0.36.3/pkg/quota/v1, resources.go (read 2026-11-23).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mela.cluster import labels
from mela.cluster.quantity import MILLI, ZERO, Quantity, parse

Resources = dict[str, Quantity]

HUGE_PAGES = "hugepages-"
REQUESTS = "requests."
DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"


def read(written: Mapping[str, Any] | None) -> Resources:
    """The list as it is written in an object."""
    return {name: parse(amount) for name, amount in (written or {}).items()}


def names(resources: Mapping[str, Quantity]) -> str:
    """The names, sorted, separated by commas."""
    return ",".join(sorted(resources))


def spell(resources: Mapping[str, Quantity]) -> str:
    """`cpu=500m,memory=1Gi`, sorted by name."""
    return ",".join(f"{name}={resources[name]}" for name in sorted(resources))


def growth(new: Mapping[str, Quantity], old: Mapping[str, Quantity]) -> Resources:
    """`new - old`, where less than nothing is zero."""
    differences = {name: amount - old[name] if name in old else amount for name, amount in new.items()}
    return {name: max(differences.get(name, ZERO), ZERO) for name in (*new, *old)}


def only(resources: Mapping[str, Quantity], wanted: Iterable[str]) -> Resources:
    kept = set(wanted)
    return {name: amount for name, amount in resources.items() if name in kept}


def without_zeros(resources: Mapping[str, Quantity]) -> Resources:
    return {name: amount for name, amount in resources.items() if amount}


def rounded_up(amount: Quantity, exponent: int = MILLI) -> Quantity:
    """Away from zero to a multiple of `10**exponent`; the API stores no more than thousandths."""
    if amount.exponent >= exponent:
        return amount
    magnitude = -(-abs(amount.unscaled) // 10 ** (exponent - amount.exponent))
    return Quantity(magnitude if amount.unscaled > 0 else -magnitude, exponent, amount.format, amount.small)


def is_native(name: str) -> bool:
    """Kubernetes' own: no domain, or one that ends in kubernetes.io."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """A device of someone else's domain, such as `nvidia.com/gpu`."""
    return not is_native(name) and not name.startswith(REQUESTS) and labels.is_key(REQUESTS + name)
