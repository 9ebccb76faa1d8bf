"""What a cluster costs, in rupees: instances, the pods on them, and what else is billed, from dated tables.

Rates are exact fractions of a paisa; `paise` rounds, once, at the end. GST is not in a rate: it is due on a bill, so
`with_gst` adds it to a sum.

    today = price.tariff(date(2026, 11, 26))
    price.paise(price.instance(today, "m7g.large"))                    # paise per hour
    price.paise(price.pod(today, "m7g.large", requests, usage))        # likewise
    price.paise(price.group(today, web), seconds)                      # for node-seconds

बिल डॉलर में छपता है, पर चुकाना रुपयों में है: हर दर की तारीख़ और स्रोत data/prices.yaml में हैं।
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from mela.cluster import instances, tables
from mela.cluster.nodegroups import NodeGroup
from mela.kernel import money
from mela.kernel.money import Paise

HOUR_S = 3600
MUMBAI = "ap-south-1"
_GIB = 2**30


class Unpriced(LookupError):
    """The tables know no price for it."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What holds on a day in a region. Prices are exact, in paise without GST."""

    region: str
    on_demand: Mapping[str, Fraction]
    """Per hour, by instance type."""
    spot_share: Mapping[str, Fraction]
    """Of the on-demand price, by instance type, with a `default`."""
    others: Mapping[str, Fraction]
    """Per unit: `control-plane` and `nat-gateway` per hour, `nat-traffic` and `egress` per GB, `storage` per GiB-hour."""
    cpu_to_memory: Fraction
    """What a core costs against a GiB of memory."""
    gst_bp: int


@lru_cache(maxsize=8)
def tariff(on: date, region: str = MUMBAI) -> Tariff:
    """The prices of a day. Raises: Unpriced where a table has no row for the day or the region."""
    premium = _row("regions", on, region=region)
    inr = Fraction(_row("exchange", on)["usd_inr"]) * money.arithmetic.PAISE_PER_RUPEE
    listed = {name: Fraction(usd) for name, usd in _row("on_demand", on)["usd_per_hour"].items()}
    weights = _row("shares", on)
    names = dict.fromkeys(row["name"] for row in _tables()["others"])
    return Tariff(
        region,
        {name: usd * inr * Fraction(premium[_class(name)]) for name, usd in listed.items()},
        {name: Fraction(share) for name, share in _row("spot", on)["share"].items()},
        {name: Fraction(_row("others", on, name=name)["usd"]) * inr * Fraction(premium["others"]) for name in names},
        Fraction(weights["cpu"]) / Fraction(weights["memory"]),
        _row("gst", on)["rate_bp"],
    )


def instance(of: Tariff, type_: str, *, is_spot: bool = False) -> Fraction:
    """Paise per hour for one instance. Raises: Unpriced."""
    if type_ not in of.on_demand:
        raise Unpriced(f"no price of {type_!r} is known; add it to cluster/data/prices.yaml")
    return of.on_demand[type_] * (of.spot_share.get(type_, of.spot_share["default"]) if is_spot else 1)


def pod(
    of: Tariff, type_: str, requests: Mapping[str, int], usage: Mapping[str, int], *, is_spot: bool = False
) -> Fraction:
    """Paise per hour for a pod's part of its node: what it asks for or uses, the larger, of cpu and of memory.

    `requests` and `usage` are in millicores (`cpu`) and bytes (`memory`). The parts of all pods that fill a node's
    capacity are its price; what no pod takes is idle, and nobody's.

    Source: https://github.com/opencost/opencost/blob/5f653330/pkg/costmodel/costmodel.go and
    https://opencost.io/docs/specification (2026-11-26). Raises: Unpriced.
    """
    has = instances.of(type_)
    if has is None:
        raise Unpriced(f"the size of {type_!r} is not known; add it to cluster/data/instances.yaml")
    cores = Fraction(max(requests.get("cpu", 0), usage.get("cpu", 0)), 1000)
    gib = Fraction(max(requests.get("memory", 0), usage.get("memory", 0)), _GIB)
    price = instance(of, type_, is_spot=is_spot)
    return price * _weight(of, cores, gib) / _weight(of, Fraction(has.vcpu), Fraction(has.memory_mib, 1024))


def group(of: Tariff, wanted: NodeGroup) -> Fraction:
    """Paise per hour for one node of a group. Raises: Unpriced."""
    return instance(of, wanted.instance_type, is_spot=wanted.is_spot)


def other(of: Tariff, name: str) -> Fraction:
    """Paise per unit of what is billed besides, such as `egress` per GB. Raises: Unpriced."""
    if name not in of.others:
        raise Unpriced(f"no price of {name!r} is known; known are {', '.join(sorted(of.others))}")
    return of.others[name]


def paise(per_hour: Fraction, seconds: int = HOUR_S) -> Paise:
    """What a rate per hour comes to in so many seconds (of all nodes or pods together), half a paisa counting as one."""
    exact = per_hour * seconds / HOUR_S
    return Paise(money.arithmetic.half_up(exact.numerator, exact.denominator))


def with_gst(of: Tariff, amount: Paise) -> Paise:
    """A sum with the GST on it, as a bill has it: IGST, rounded to the paisa."""
    return Paise(amount + money.tax_on_exclusive(amount, of.gst_bp))


def _weight(of: Tariff, cores: Fraction, gib: Fraction) -> Fraction:
    """In GiBs of memory: a core counts as so many."""
    return cores * of.cpu_to_memory + gib


def _class(type_: str) -> str:
    return "burstable" if type_.startswith("t") else "steady"


def _row(table: str, on: date, **wanted: str) -> Mapping[str, Any]:
    """The row that holds on the day. Raises: Unpriced."""
    for row in _tables()[table]:
        ends: date | None = row["effective_to"]
        is_wanted = all(row[key] == value for key, value in wanted.items())
        if is_wanted and row["effective_from"] <= on and (ends is None or on <= ends):
            found: Mapping[str, Any] = row
            return found
    what = " ".join([table, *wanted.values()])
    raise Unpriced(f"cluster/data/prices.yaml has nothing for {what} on {on}")


@cache
def _tables() -> Mapping[str, Any]:
    found: Mapping[str, Any] = tables.of("prices")
    return found
