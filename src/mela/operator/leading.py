"""One of several copies acts: who holds the Lease, until it has not renewed it for its whole duration.

A copy that lost the Lease at the moment it writes is stopped by the version of the object that it writes to.
Source: https://kubernetes.io/docs/concepts/architecture/leases/ (read 2026-11-26).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from mela.operator.kube import Api, Refused

Json = dict[str, Any]
DURATION_S = 60


def may_lead(spec: Json, me: str, now: datetime) -> bool:
    """Whether the Lease is mine, nobody's, or no longer renewed."""
    holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
    if not holder or holder == me or not renewed:
        return True
    lasts = timedelta(seconds=spec.get("leaseDurationSeconds") or DURATION_S)
    return datetime.fromisoformat(renewed) + lasts < now


def lead(api: Api, namespace: str, name: str, me: str, now: datetime) -> bool:
    """Take or renew the Lease; False while another copy holds it. Raises: Refused when it cannot be known."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    mine = {
        "holderIdentity": me,
        "leaseDurationSeconds": DURATION_S,
        "renewTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    try:
        found = api.get(f"{path}/{name}")
        if not may_lead(found.get("spec") or {}, me, now):
            return False
        api.merge(
            f"{path}/{name}", {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "spec": mine}
        )
    except Refused as error:
        if error.is_conflict:
            return False
        if not error.is_missing:
            raise
        api.create(path, {"metadata": {"name": name}, "spec": mine})
    return True
