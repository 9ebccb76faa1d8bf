"""How many of so many new pods a namespace lets in: `cluster.admission.quota`, asked a few times instead of for each pod.

Quotas are charged the same for each pod of a workload, so what fits is a number: it is found by halving, with the real
check at each step. tests/rehearsal/test_admission.py compares it with pod after pod.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mela.cluster.admission.quota import charge, limit_range, pods, resources, usage
from mela.cluster.objects import Object
from mela.cluster.quantity import Quantity, from_int
from mela.rehearsal.model import Field
from mela.rehearsal.system import Rehearsed, Workload


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why pods were refused, and the field that says so."""

    text: str
    field: Field | None


class Namespace:
    """The quotas and limit ranges of one namespace, and what they have been charged."""

    def __init__(self, system: Rehearsed, name: str) -> None:
        self.objects: Sequence[Object] = system.quotas(name)
        self.ranges: Sequence[Object] = system.limit_ranges(name)
        self.used = {each.name: {key: from_int(0) for key in each.get("spec", "hard") or {}} for each in self.objects}
        self.factor = 1.0
        """What is left of every bound (a fault)."""
        self._costs: dict[str, Mapping[str, Quantity]] = {}
        self._pods: dict[str, dict[str, Any]] = {}

    def admit(self, workload: Workload, count: int) -> tuple[int, Refusal | None]:
        """Charge as many of `count` pods as fit, and say why the rest was refused."""
        pod = self._pod(workload)
        ranges = [each.data for each in self.ranges]
        if faults := limit_range.violations("pods", pod, ranges):
            return 0, Refusal(faults[0], Field(self.ranges[0], ("spec", "limits")))
        if not self.objects or count <= 0:
            return max(count, 0), None
        low, high, refusal = 0, count, None
        while low < high:
            middle = (low + high + 1) // 2
            said = self._check(workload, pod, middle)
            if said.allowed:
                low = middle
            else:
                high, refusal = middle - 1, said.message
        self._charge(workload, low)
        if low == count:
            return count, None
        message = self._check(workload, pod, 1).message or refusal or ""
        return low, Refusal(message, self._decisive(message))

    def release(self, workload: Workload, count: int) -> None:
        """Give back what these pods were charged."""
        if self.objects:
            self._charge(workload, -count)

    def _pod(self, workload: Workload) -> dict[str, Any]:
        if workload.name not in self._pods:
            filled = pods.with_defaults(workload.raw)
            self._pods[workload.name] = limit_range.with_defaults(filled, [each.data for each in self.ranges])
            self._costs[workload.name] = usage.pod_usage(self._pods[workload.name])
        return self._pods[workload.name]

    def _check(self, workload: Workload, pod: dict[str, Any], number: int) -> charge.Decision:
        """Ask whether pod `number` fits when those before it are charged."""
        quotas = [self._quota(each, workload, pod, number - 1) for each in self.objects]
        return charge.check(charge.Request("pods", "CREATE", pod), quotas)

    def _quota(self, thing: Object, workload: Workload, pod: dict[str, Any], more: int) -> dict[str, Any]:
        hard = thing.get("spec", "hard") or {}
        before = self.used[thing.name]
        cost = self._costs[workload.name] if self._applies(thing, pod) else {}
        used = {key: _plus(before[key], cost.get(key), more) for key in hard}
        bound = hard if self.factor == 1.0 else {key: _times(value, self.factor) for key, value in hard.items()}
        return {**thing.data, "status": {"hard": bound, "used": used}}

    def _applies(self, thing: Object, pod: dict[str, Any]) -> bool:
        """A quota whose scopes do not match is charged nothing: check against a copy with nothing used."""
        hard = thing.get("spec", "hard") or {}
        empty = {**thing.data, "status": {"hard": hard, "used": {key: from_int(0) for key in hard}}}
        after = charge.check(charge.Request("pods", "CREATE", pod), [empty])
        return not after.allowed or any(amount for amount in after.used.get(thing.name, {}).values())

    def _charge(self, workload: Workload, count: int) -> None:
        pod = self._pod(workload)
        for thing in self.objects:
            if self._applies(thing, pod):
                used, cost = self.used[thing.name], self._costs[workload.name]
                self.used[thing.name] = {key: _plus(amount, cost.get(key), count) for key, amount in used.items()}

    def _decisive(self, message: str) -> Field | None:
        """The quota that the message names, at the first resource that it says was exceeded."""
        thing = next(
            (each for each in self.objects if f"quota: {each.name}," in message or f"quota: {each.name}:" in message),
            None,
        )
        if thing is None:
            return None
        asked = message.partition("requested: ")[2].partition("=")[0]
        return Field(thing, ("spec", "hard", asked) if asked else ("spec", "hard"))


def _plus(amount: Quantity, cost: Quantity | None, times: int) -> Quantity:
    if cost is None or times == 0:
        return amount
    return amount + Quantity(cost.unscaled * times, cost.exponent, cost.format)


def _times(written: Any, factor: float) -> Quantity:
    amount = resources.read({"_": written})["_"]
    return resources.rounded_up(Quantity(int(amount.unscaled * factor * 1000), amount.exponent - 3, amount.format))
