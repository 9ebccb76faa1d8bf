"""All rules over all systems: findings in reading order, each once, without those that their authors accept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mela.cluster import checks
from mela.cluster.checks import Finding, Rule, ignores, schema
from mela.cluster.objects import NEWEST, System

RANKS = ("error", "warning", "info")
AS_WRITTEN = ("reading", "schema", "ignores")
"""Families that see objects as they are written; the others see no value of a wrong type."""


@dataclass(frozen=True)
class Ignored:
    """A finding that its author accepts, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Report:
    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    objects: int
    files: int
    version: str

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def fails(self, at: str) -> bool:
        """True if something is as grave as `at`, or graver."""
        return any(self.count(severity) for severity in RANKS[: RANKS.index(at) + 1])


def check(systems: Sequence[System], rules: Iterable[Rule] | None = None) -> Report:
    """What the rules, by default all, find in the systems."""
    chosen = checks.every() if rules is None else tuple(rules)
    found = _sorted(finding for system in systems for finding in _findings(system, chosen))
    ignored = [Ignored(finding, reason) for finding in found if (reason := _accepted(finding))]
    accepted = {id(one.finding) for one in ignored}
    things = {id(thing): thing for system in systems for thing in system}.values()
    return Report(
        findings=tuple(finding for finding in found if id(finding) not in accepted),
        ignored=tuple(ignored),
        objects=len(things),
        files=len({thing.source.file for thing in things}),
        version=systems[0].version if systems else NEWEST,
    )


def _findings(system: System, rules: Iterable[Rule]) -> Iterator[Finding]:
    readable = schema.readable(system)
    for rule in rules:
        yield from rule(system if rule.family in AS_WRITTEN else readable)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    """By file and line, the gravest first. What two systems share is found in both and told once."""
    once: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        source = finding.object.source
        once.setdefault((finding.rule, source.file, source.line, finding.path, finding.says), finding)
    lines = {key: finding.line for key, finding in once.items()}
    order = sorted(
        once, key=lambda key: (str(key[1]), lines[key], RANKS.index(once[key].severity or "error"), str(key[0]))
    )
    return [once[key] for key in order]


def _accepted(finding: Finding) -> str:
    """The reason for which the object's author accepts the finding; empty if there is none."""
    return next((one.reason for one in ignores.of(finding.object) if one.rule == finding.rule), "")
