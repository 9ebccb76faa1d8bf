"""Rules over a whole system: what is wrong, what will happen, how to mend it.

A rule is a pure function from a `System` to findings, registered with an example that it accepts and one that it
reports. One module per family. A rule that cannot know says nothing.

नियम शुद्ध फलन हैं; हर नियम के साथ एक सही और एक ग़लत उदाहरण रहता है।

    @rule(id="service-selects-nothing", severity="error", about="A Service must select pods.", good=GOOD, bad=BAD)
    def service_selects_nothing(system: System) -> Iterator[Finding]:
        for service in system.kind("Service"):
            if not pods_of(system, service):
                yield Finding(service, ("spec", "selector"), says="…", happens="…", mend="…")
"""

import importlib
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mela.cluster.objects import Object, Path, System

Severity = Literal["error", "warning", "info"]
"""`error`: refused or will fail. `warning`: fails under conditions that come. `info`: worth knowing."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One thing that is wrong, in people's words.

    `says` what is wrong, `happens` what will happen and when, `mend` how to mend it: each a sentence or two.
    A rule leaves `rule` and `severity` out; its registration fills them in, a severity that is given stays.
    """

    object: Object
    path: Path = ()
    says: str = ""
    happens: str = ""
    mend: str = ""
    rule: str = ""
    severity: Severity | None = None

    @property
    def line(self) -> int:
        return self.object.line_of(self.path)


Check = Callable[[System], Iterator[Finding]]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A registered rule. `good` and `bad` are manifests; `family` is the module it stands in."""

    id: str
    severity: Severity
    about: str
    good: str
    bad: str
    family: str
    check: Check

    def __call__(self, system: System) -> Iterator[Finding]:
        """The findings in `system`, signed with the rule's name."""
        for finding in self.check(system):
            yield replace(finding, rule=self.id, severity=finding.severity or self.severity)


RULES: dict[str, Rule] = {}
"""By id, as far as their modules are imported; `every` imports them all."""


def rule(*, id: str, severity: Severity, about: str, good: str, bad: str) -> Callable[[Check], Check]:  # noqa: A002
    """Register a rule. `id` is a fact in kebab-case, such as `budget-blocks-drain`; `about` one sentence or more."""

    def register(check: Check) -> Check:
        if id in RULES:
            raise ValueError(f"two rules are called {id}")
        family = check.__module__.rpartition(".")[2]
        RULES[id] = Rule(id, severity, about, textwrap.dedent(good), textwrap.dedent(bad), family, check)
        return check

    return register


def every() -> tuple[Rule, ...]:
    """All rules of this package, by family and id."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(RULES.values(), key=lambda found: (found.family, found.id)))
