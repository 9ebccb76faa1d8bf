"""Findings that an object's author accepts, by annotation and with a reason.

    metadata:
      annotations:
        mela.dev/ignore: "budget-missing: one pod is enough for a nightly report"

Several stand on lines of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mela.cluster.checks import RULES, Finding, rule
from mela.cluster.objects import Object, Path, System

ANNOTATION = "mela.dev/ignore"
PATH: Path = ("metadata", "annotations", ANNOTATION)
_GOOD = """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
      namespace: default
      annotations:
        mela.dev/ignore: "api-off-by-default: our clusters switch this API on"
    """


@dataclass(frozen=True, slots=True)
class Ignore:
    rule: str
    reason: str


def of(thing: Object) -> Iterator[Ignore]:
    """What the object's annotation says, line by line."""
    for line in thing.annotations.get(ANNOTATION, "").splitlines():
        if line.strip():
            name, _, reason = line.partition(":")
            yield Ignore(name.strip(), reason.strip())


@rule(
    id="ignore-without-reason",
    severity="error",
    about="A finding is ignored only with a reason that the next reader can judge.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
      namespace: default
      annotations:
        mela.dev/ignore: api-off-by-default
    """,
)
def ignore_without_reason(system: System) -> Iterator[Finding]:
    for thing in system:
        for ignore in of(thing):
            if not ignore.reason:
                yield Finding(
                    thing,
                    PATH,
                    says=f"`{ignore.rule}` is ignored without a reason.",
                    happens="The finding is reported all the same.",
                    mend=f'Write `{ANNOTATION}: "{ignore.rule}: why this is right here"`.',
                )


@rule(
    id="ignore-unknown-rule",
    severity="error",
    about="An annotation that ignores a rule names one that exists.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop
      namespace: default
      annotations:
        mela.dev/ignore: "no-such-rule: it was renamed"
    """,
)
def ignore_unknown_rule(system: System) -> Iterator[Finding]:
    for thing in system:
        for ignore in of(thing):
            if ignore.rule not in RULES:
                yield Finding(
                    thing,
                    PATH,
                    says=f"There is no rule `{ignore.rule}`.",
                    happens="The annotation has no effect.",
                    mend="`mela verify --list` names the rules.",
                )
