"""What goes wrong while the crowd is there, in a line of text: `zone:ap-south-1b@+40m/15m`.

    KIND [:WHAT] [=VALUE,...] @ WHEN [/DURATION]

WHEN is a time after the start (`+40m`, `+1h10m`) or a moment of the event, with an offset if need be (`toss`, `toss+2m`).
VALUE is a share (`60%`), a delay (`200ms`) or a factor (`x10`). What each kind does stands in KINDS; what the engine makes
of it is in `engine.trouble`.

गड़बड़ी भीड़ के बीच ही आती है: ज़ोन जाता है, बिजली जाती है, रजिस्ट्री धीमी होती है। उसका भी पूर्वाभ्यास।
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mela.rehearsal import reading
from mela.rehearsal.model import Demand

SHAPE = re.compile(
    r"(?P<kind>[a-z-]+)(?::(?P<what>[^=@/]+))?(?:=(?P<values>[^@/]+))?@(?P<when>[^@/]+)(?:/(?P<lasts>[^@/]+))?"
)
WHEN = re.compile(r"(?P<moment>[a-z][a-z0-9-]*)?(?:\+(?P<offset>[0-9a-z.]+))?")
VALUE = re.compile(
    r"(?:(?P<share>[0-9]+(?:\.[0-9]+)?)%|(?P<delay>[0-9]+(?:\.[0-9]+)?)ms|x(?P<factor>[0-9]+(?:\.[0-9]+)?))"
)
FORM = "KIND:WHAT=VALUE@WHEN/DURATION, such as zone:ap-south-1b@+40m/15m"


class Unknown(ValueError):
    """A text that is no fault; the message says how one is written."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of fault does. `what` says what it is about, empty if it is about all. `values`: units and defaults."""

    does: str
    example: str
    what: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    lasts_s: float = 600.0
    needs_value: bool = False


KINDS: Mapping[str, Kind] = {
    "zone": Kind(
        "Nodes of a zone are gone; calls to their pods fail until the cluster notices, no new ones start there.",
        "zone:ap-south-1b@+40m/15m", what="a zone",
    ),
    "power-cut": Kind(
        "A city's share of the crowd disappears, and comes back within two minutes after the power is back.",
        "power-cut:mumbai@+40m/10m", what="a city", values={"share": 0.0},
    ),
    "network": Kind(
        "Calls to a service take longer, and some never arrive.",
        "network:sessions=200ms,2%@+20m/10m", what="a service", values={"delay": 0.0, "share": 0.0}, needs_value=True,
    ),
    "drain": Kind(
        "So many nodes are drained, one after another: evicted as budgets allow.",
        "drain:3@+30m", what="a number of nodes", lasts_s=0.0,
    ),
    "rollout": Kind("A new revision of a service's workload is rolled out.", "rollout:sessions@+30m", what="a service", lasts_s=0.0),
    "bad-rollout": Kind(
        "A new revision is rolled out whose pods never get ready or, with a share, answer with that many errors.",
        "bad-rollout:sessions@toss", what="a service", values={"share": 0.0}, lasts_s=0.0,
    ),
    "registry": Kind("Images take so many times longer to pull.", "registry=x10@+30m/20m", values={"factor": 10.0}),
    "metrics": Kind("No metric is scraped, of one service or of all.", "metrics@+30m/10m"),
    "quota": Kind(
        "Resource quotas shrink to a share of what is written, for new pods.",
        "quota=50%@+0s/6h", values={"share": 0.5}, lasts_s=86_400.0,
    ),
    "fail-over": Kind("A service outside, such as a database, answers nobody.", "fail-over:catalog-db@+40m/30s", what="a service", lasts_s=30.0),
    "gateway": Kind(
        "A service answers only this share well.", "gateway:gateway=60%@+40m/20m", what="a service", values={"share": 0.6},
    ),
    "capacity": Kind("The provider has no machines for a node group.", "capacity:general@+10m/30m", what="a node group"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as it was asked for. `share` (0 to 1), `delay_s` and `factor` have the kind's defaults where none is given."""

    kind: str
    what: str
    moment: str
    offset_s: float
    lasts_s: float
    share: float
    delay_s: float
    factor: float
    text: str

    def at_s(self, demand: Demand) -> int:
        """The second at which it begins. Raises: ValueError for a moment that the event does not have."""
        begins = 0
        if self.moment:
            known = {each.name: each.at_s for each in demand.moments}
            if self.moment not in known:
                there = ", ".join(known) or "none"
                raise ValueError(
                    f"fault {self.text!r}: the event has no moment {self.moment!r}; its moments are {there}"
                )
            begins = known[self.moment]
        at = int(begins + self.offset_s)
        if not 0 <= at < demand.ticks:
            raise ValueError(f"fault {self.text!r}: it begins {at} s after the start, the event lasts {demand.ticks} s")
        return at


def parse(text: str) -> Fault:
    """The fault that a text describes. Raises: Unknown, saying what is wrong and how it is written."""
    text = text.strip()
    name = re.match(r"[a-z-]*", text)
    kind = KINDS.get(name[0]) if name else None
    if name is None or kind is None:
        raise Unknown(f"{text[:60]!r} is no fault: {_suggestion(name[0] if name else '')}; it is written {FORM}")
    shape = SHAPE.fullmatch(text)
    if shape is None:
        raise _wrong(text, kind, "it cannot be read")
    what = (shape["what"] or "").strip()
    if kind.what and not what:
        raise _wrong(text, kind, f"it needs {kind.what} after the colon")
    values = _values(text, kind, shape["values"])
    moment, offset = _when(text, kind, shape["when"])
    return Fault(
        kind=name[0],
        what=what,
        moment=moment,
        offset_s=offset,
        lasts_s=_seconds(text, kind, shape["lasts"]) if shape["lasts"] else kind.lasts_s,
        share=values.get("share", 0.0),
        delay_s=values.get("delay", 0.0),
        factor=values.get("factor", 1.0),
        text=text,
    )


def _values(text: str, kind: Kind, written: str | None) -> dict[str, float]:
    values = dict(kind.values)
    if not written:
        if kind.needs_value:
            raise _wrong(text, kind, "it needs a value after the equals sign")
        return values
    for part in written.split(","):
        found = VALUE.fullmatch(part.strip())
        unit = found.lastgroup if found else None
        if found is None or unit is None or unit not in kind.values:
            raise _wrong(text, kind, f"{part.strip()!r} is no value for it")
        amount = float(found[unit])
        if unit == "share" and amount > 100:
            raise _wrong(text, kind, f"{part.strip()} is more than all")
        values[unit] = amount / {"share": 100.0, "delay": 1000.0, "factor": 1.0}[unit]
    return values


def _when(text: str, kind: Kind, written: str) -> tuple[str, float]:
    found = WHEN.fullmatch(written.strip())
    if found is None or not written.strip():
        raise _wrong(
            text, kind, f"{written!r} is no time; write +40m after the start, or a moment such as toss or toss+2m"
        )
    return found["moment"] or "", _seconds(text, kind, found["offset"]) if found["offset"] else 0.0


def _seconds(text: str, kind: Kind, written: str) -> float:
    value = reading.duration_s(written.strip())
    if value is None:
        raise _wrong(text, kind, f"{written!r} is no duration; write 45s, 20m or 1h30m")
    return value


def _wrong(text: str, kind: Kind, says: str) -> Unknown:
    return Unknown(f"fault {text[:80]!r}: {says}; an example: {kind.example}")


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name, KINDS, n=1)
    return f"did you mean {near[0]}?" if near else f"kinds are {', '.join(KINDS)}"
