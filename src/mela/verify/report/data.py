"""The report as JSON, for scripts. Fields are only ever added."""

from typing import Any

from mela.cluster.checks import Finding
from mela.cluster.schemas.paths import spell
from mela.verify.run import RANKS, Report


def document(report: Report) -> dict[str, Any]:
    """Findings, those that are accepted, and counts."""
    return {
        "kubernetes": report.version,
        "objects": report.objects,
        "files": report.files,
        "counts": {severity: report.count(severity) for severity in RANKS},
        "findings": [_finding(finding) for finding in report.findings],
        "ignored": [{**_finding(one.finding), "reason": one.reason} for one in report.ignored],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    thing = finding.object
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": thing.source.file,
        "line": finding.line,
        "apiVersion": thing.api_version,
        "kind": thing.kind,
        "namespace": thing.namespace,
        "name": thing.name,
        "path": spell(finding.path) if finding.path else "",
        "says": finding.says,
        "happens": finding.happens,
        "mend": finding.mend,
    }
