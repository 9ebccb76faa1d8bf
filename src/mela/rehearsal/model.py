"""What the parts of a rehearsal hand to each other: a demand goes into the engine, a trace comes out.

All series are NumPy arrays over ticks of one second; the first axis is time. Tick `t` covers the second that begins
`t` seconds after `start`. Times inside a rehearsal are seconds after `start`; `start` is UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mela.cluster.hpa.spec import Autoscaler
from mela.cluster.objects import Object, Path

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64]

TICK_S = 1
"""Seconds per tick."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that people watch for: the toss, a super over, ten o'clock. `name` is a slug, `text` is read by people.

    `planned`: stands in the calendar beforehand. A super over does not; no controller may know it before it happens.
    """

    at_s: int
    name: str
    text: str
    planned: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What the crowd does.

    `arrivals` (n_ticks, n_actions): actions begun per second, in the order of `actions`. `levels`: series (n_ticks,) of
    what is there rather than what arrives, such as `viewers`. `lead_s`: so many seconds go before the event, so that
    everything settles; nothing is said of them.
    """

    start: datetime
    actions: tuple[str, ...]
    arrivals: Floats
    levels: Mapping[str, Floats] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    lead_s: int = 0

    @property
    def ticks(self) -> int:
        """How long it lasts, in ticks."""
        return int(self.arrivals.shape[0])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a manifest: the object, the path in it, and where it is written (or its nearest field above)."""

    thing: Object
    path: Path

    @property
    def file(self) -> str:
        """The file that the object stands in."""
        return self.thing.source.file


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened at a second and that a verdict may speak of.

    `kind` is a stable slug of the mechanism, such as `quota-refused`, `no-node-fits`, `usage-saturated`, `pool-exhausted`,
    `retry-storm`, `scaled`, `fault`. `service` is empty when it concerns all. `field` is the field that decided. `until_s` is
    when it was seen last, of what goes on.
    """

    at_s: int
    kind: str
    service: str
    text: str
    field: Field | None = None
    until_s: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a controller beside the autoscaler can know at a second: nothing newer than its metrics, nothing unplanned.

    `load` (n,) is the service's demand per second as scraped so far, oldest first, one value per `load_every_s`, ending at
    `load_until_s`. `per_replica` is the load that one replica is meant to take. `lead_s` is the measured time from a
    decision to a ready pod, node start included. `calendar` holds planned moments only.
    """

    at_s: int
    now: datetime
    service: str
    load: Floats
    load_every_s: int
    load_until_s: int
    per_replica: float
    replicas: int
    ready: int
    lead_s: float
    calendar: tuple[Moment, ...]


class Strategy(Protocol):
    """A way of choosing replicas: it may change the autoscaler's spec once, and lift its floor while time goes on."""

    name: str
    every_s: int

    def spec(self, service: str, written: Autoscaler) -> Autoscaler:
        """The autoscaler that runs instead of the written one."""

    def floor(self, seen: Seen) -> int | None:
        """The least replicas from now on (it is capped at the maximum), None to leave the floor as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Services:
    """Series by service, each (n_ticks, n_services), columns in the order of `names`.

    Conservation, at every tick and service: offered + waiting before = served + shed + failed + waiting.
    Rates are requests per second; `waiting` is what is in the queue at the tick's end. Latencies are seconds, of what was
    served in the tick. CPU is millicores over all pods: used, requested, and the limit that usage cannot exceed.
    Replicas: `desired` is the scale's; `ready` serve; `starting` have a node; `pending` have none; `refused` could not be
    created (quota, limit range, admission).
    """

    names: tuple[str, ...]
    offered: Floats
    served: Floats
    shed: Floats
    failed: Floats
    waiting: Floats
    latency_p50_s: Floats
    latency_p95_s: Floats
    latency_p99_s: Floats
    cpu_used_m: Floats
    cpu_limit_m: Floats
    capacity: Floats
    """Requests per second that the ready pods could serve."""
    desired: Counts
    ready: Counts
    starting: Counts
    pending: Counts
    refused: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """All that a rehearsal saw, second by second.

    `asked` and `answered` (n_ticks, n_actions): user actions begun, and those that ended well, in the second they began
    or ended. `nodes` (n_ticks, n_pools), ready nodes by node group. `quality` (n_ticks,): the share of the bitrate they ask
    for that viewers get. `cost_paise` (n_ticks,): what the second cost, GST included, as a float: it is rounded once, when
    it is summed.
    """

    start: datetime
    services: Services
    actions: tuple[str, ...]
    asked: Floats
    answered: Floats
    pools: tuple[str, ...]
    nodes: Counts
    bandwidth_mbps: Floats
    quality: Floats
    cost_paise: Floats
    levels: Mapping[str, Floats]
    moments: tuple[Moment, ...]
    happenings: tuple[Happening, ...]
    seed: int = 0
    strategy: str = "as-written"

    @property
    def ticks(self) -> int:
        """How long it lasted, in ticks."""
        return int(self.asked.shape[0])
