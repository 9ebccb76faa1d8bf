"""Quotas: what LimitRanges fill and refuse, what an object is charged, what the quotas answer.

`quota-wide` holds odd objects, decided by Kubernetes v1.36.3 and kept for the branches they reach.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mela.cluster.admission.quota import charge, limit_range, pods, usage


def differences(case: dict[str, Any]) -> list[str]:
    """Where our answers depart from upstream's."""
    return list(_differences(case))


def _differences(case: dict[str, Any]) -> Iterator[str]:
    kind, thing = case["resource"], case["object"]
    if kind == "pods":
        thing = pods.with_defaults(thing)
    if "limitRanger" in case:
        if kind == "pods":
            thing = limit_range.with_defaults(thing, case.get("limitRanges", []))
        refused = limit_range.violations(kind, thing, case.get("limitRanges", []))
        yield from _compare("limitRanger", _limit_ranger(case, thing, refused), case["limitRanger"])
        if refused:
            return
    now = datetime.fromisoformat(case["now"]) if "now" in case else None
    if "usage" in case:
        yield from _compare("usage", _spelled(usage.usage(kind, thing, now)), case["usage"])
    if "quota" in case:
        yield from _compare("quota", _quota(case, thing, now), case["quota"])


def _limit_ranger(case: dict[str, Any], thing: Mapping[str, Any], refused: tuple[str, ...]) -> dict[str, Any]:
    answer: dict[str, Any] = {"allowed": True} if not refused else {"errors": list(refused)}
    if case["resource"] == "pods":
        spec = thing["spec"]
        answer["resources"] = [_container(each) for each in (*spec["initContainers"], *spec["containers"])]
        annotation = (thing["metadata"].get("annotations") or {}).get(limit_range.ANNOTATION)
        if annotation and len(case.get("limitRanges", [])) < 2:
            answer["annotation"] = annotation
    return answer


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    sides = {side: _spelled(container["resources"][side]) for side in ("requests", "limits")}
    return {"container": container["name"], **sides}


def _quota(case: dict[str, Any], thing: Mapping[str, Any], now: datetime | None) -> dict[str, Any]:
    old = case.get("old")
    if old is not None and case["resource"] == "pods":
        old = pods.with_defaults(old)
    request = charge.Request(
        case["resource"],
        case["operation"],
        thing,
        old,
        case.get("subresource", ""),
        case.get("limitedResources", []),
        now,
    )
    decision = charge.check(request, case.get("quotas", []))
    if not decision.allowed:
        return {"message": decision.message, "code": decision.code}
    return {"allowed": True, "used": {name: _spelled(used) for name, used in decision.used.items()}}


def _spelled(resources: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(amount) for name, amount in resources.items()}


def _compare(path: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Compare as JSON, where an absent key, an empty collection and false are the same."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from _compare(f"{path}.{key}", ours.get(key), theirs.get(key))
    elif (ours or theirs) and ours != theirs:
        yield f"{path}: ours {ours}, upstream {theirs}"
