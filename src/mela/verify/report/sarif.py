"""The report as SARIF 2.1.0, which code hosts show beside the lines.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html (read 2026-11-23).
"""

import hashlib
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from mela import __version__
from mela.cluster.checks import Finding, Rule
from mela.cluster.schemas.paths import spell
from mela.verify.run import Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def document(report: Report, rules: Sequence[Rule]) -> dict[str, Any]:
    """One run with all its rules. Findings that are accepted carry their reason as a suppression."""
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    results = [_result(finding, numbers) for finding in report.findings]
    for one in report.ignored:
        accepted = [{"kind": "inSource", "justification": one.reason}]
        results.append({**_result(one.finding, numbers), "suppressions": accepted})
    driver = {"name": "mela verify", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.about},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"family": rule.family},
    }


def _result(finding: Finding, numbers: dict[str, int]) -> dict[str, Any]:
    text = " ".join(part for part in (finding.says, finding.happens, finding.mend) if part)
    place = {
        "artifactLocation": {"uri": _uri(finding.object.source.file)},
        "region": {"startLine": max(finding.line, 1)},
    }
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.object.title:
        name = f"{finding.object.title} {spell(finding.path)}" if finding.path else finding.object.title
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": LEVELS[finding.severity or "error"],
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"mela/v1": _fingerprint(finding)},
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fingerprint(finding: Finding) -> str:
    """The same while the finding stays, whatever lines are added above it."""
    parts = (
        finding.rule,
        finding.object.type,
        finding.object.namespace,
        finding.object.name,
        spell(finding.path),
        finding.says,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
