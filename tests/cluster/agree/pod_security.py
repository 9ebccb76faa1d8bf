"""Pod Security: verdict, check ids, reasons and details for every level and version of a case."""

from typing import Any

from mela.cluster.admission import pod_security


def differences(case: dict[str, Any]) -> list[str]:
    """Where our verdicts depart from upstream's."""
    found = []
    for expected in case["verdicts"]:
        for version in expected["versions"]:
            ours = pod_security.evaluate(case["pod"], expected["level"], version)
            failed = [[each.check, each.reason, each.detail] for each in ours.failed]
            theirs = expected.get("failed", [])
            if (ours.allowed, failed, ours.message) != (
                expected.get("allowed", False),
                theirs,
                expected.get("message", ""),
            ):
                found.append(f"{expected['level']}:{version}: ours {failed}, upstream {theirs}")
    return found
