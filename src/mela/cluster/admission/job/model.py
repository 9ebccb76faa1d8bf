"""Jobs and their pods as the Job controller sees them. Times are whole seconds on any one clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNLIMITED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ExitCodes:
    """Matches a container that failed with one (`In`) or none (`NotIn`) of these codes; an empty name is any container."""

    operator: str
    values: frozenset[int]
    container: str = ""


@dataclass(frozen=True, slots=True)
class FailureRule:
    """A rule of podFailurePolicy. `action`: FailJob, FailIndex, Ignore or Count. `conditions` are (type, status) pairs."""

    action: str
    exit_codes: ExitCodes | None = None
    conditions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class SuccessRule:
    """A rule of successPolicy: these indexes (as text, such as `0,2-4`), or so many of them, are enough."""

    indexes: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A Job's spec. `completions` of None: one success is enough. `failure_rules` of None: no podFailurePolicy."""

    completions: int | None = 1
    parallelism: int = 1
    indexed: bool = False
    backoff_limit: int = 6
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    active_deadline_s: int | None = None
    suspended: bool = False
    restarts_on_failure: bool = False
    failure_rules: tuple[FailureRule, ...] | None = None
    success_rules: tuple[SuccessRule, ...] = ()
    replaces_only_failed: bool = False
    terminating: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """What was settled in earlier passes. `met` is the reason of SuccessCriteriaMet, `failing` that of FailureTarget.

    `failures` are pods that failed since the last success, the last of them at `failed_s`; they set the back-off.
    """

    started_s: int | None = None
    succeeded: int = 0
    failed: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    met: str = ""
    failing: str = ""
    failures: int = 0
    failed_s: int = 0


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the Job.

    `counted`: an earlier pass counted its end. `failures` and `ignored_failures` are its annotations: how often its index
    failed before it. `exit_codes` are those of its ended containers by name, init containers last.
    """

    name: str
    phase: str = "Running"
    index: int | None = None
    terminating: bool = False
    counted: bool = False
    restarts: int = 0
    exit_codes: Sequence[tuple[str, int]] = ()
    conditions: frozenset[tuple[str, str]] = frozenset()
    finished_s: int = 0
    failures: int = 0
    ignored_failures: int = 0

    @property
    def is_active(self) -> bool:
        """Whether it runs or may still run."""
        return self.phase not in ("Succeeded", "Failed") and not self.terminating

    @property
    def is_going(self) -> bool:
        """Whether it terminates and has not ended yet."""
        return self.phase not in ("Succeeded", "Failed") and self.terminating


def read(spec: Mapping[str, Any]) -> Job:
    """Read the spec of a batch/v1 Job, with the API's defaults for what it leaves out."""
    completions, parallelism = spec.get("completions"), spec.get("parallelism")
    per_index, rules = spec.get("backoffLimitPerIndex"), (spec.get("podFailurePolicy") or {}).get("rules")
    pod = (spec.get("template") or {}).get("spec") or {}
    return Job(
        completions=1 if completions is None and parallelism is None else completions,
        parallelism=1 if parallelism is None else parallelism,
        indexed=spec.get("completionMode") == "Indexed",
        backoff_limit=spec.get("backoffLimit", 6 if per_index is None else UNLIMITED),
        backoff_limit_per_index=per_index,
        max_failed_indexes=spec.get("maxFailedIndexes"),
        active_deadline_s=spec.get("activeDeadlineSeconds"),
        suspended=bool(spec.get("suspend")),
        restarts_on_failure=pod.get("restartPolicy") == "OnFailure",
        failure_rules=None if rules is None else tuple(map(_failure_rule, rules)),
        success_rules=tuple(map(_success_rule, (spec.get("successPolicy") or {}).get("rules") or ())),
        replaces_only_failed=spec.get("podReplacementPolicy") == "Failed" or rules is not None,
    )


def _failure_rule(rule: Mapping[str, Any]) -> FailureRule:
    codes = rule.get("onExitCodes")
    return FailureRule(
        action=rule["action"],
        exit_codes=codes and ExitCodes(codes["operator"], frozenset(codes["values"]), codes.get("containerName") or ""),
        conditions=frozenset(
            (each["type"], each.get("status") or "True") for each in rule.get("onPodConditions") or ()
        ),
    )


def _success_rule(rule: Mapping[str, Any]) -> SuccessRule:
    return SuccessRule(rule.get("succeededIndexes"), rule.get("succeededCount"))
