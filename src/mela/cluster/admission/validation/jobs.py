"""Jobs and CronJobs.

Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/ and pkg/apis/batch/validation/validation.go
v1.36.3 (read 2026-11-23).
"""

import re
import zoneinfo
from itertools import pairwise

from mela.cluster.admission.cronjob import schedule
from mela.cluster.admission.validation import formats, pods
from mela.cluster.admission.validation.checks import (
    Errors,
    has_format,
    label_selector,
    matches,
    non_negative,
    one_of,
    one_required,
    struct,
)
from mela.cluster.admission.validation.defaults import UNKNOWN_UID
from mela.cluster.admission.validation.field import Field

MOST_INDEXED_PARALLELISM = 100_000
MOST_FAILED_INDEXES = 100_000
MANY_COMPLETIONS = 100_000
MOST_WITH_MANY_COMPLETIONS = 10_000
MOST_RULES = 20
MOST_PATTERNS = 20
MOST_EXIT_CODES = 255
MANAGER_BYTES = 63
INDEXES_BYTES = 64 * 1024
CRON_JOB_NAME_BYTES = 52
"""The controller appends eleven characters to make a Job's name, which has at most 63."""
ZONE_PART = re.compile(r"[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}")


def job(field: Field) -> Errors:
    """A Job of its own: its selector is generated unless `manualSelector` says otherwise."""
    spec, name = field["spec"], field["metadata"]["name"]
    if not spec["manualSelector"]:
        yield from _generated_selector(field)
    yield from _job_spec(spec)
    if spec["selector"].is_set:
        yield from label_selector(spec["selector"])
    else:
        yield spec["selector"].required()
    labels = spec["template"]["metadata"]["labels"]
    if matches(spec["selector"], labels.value or {}) is False:
        yield labels.invalid("the selector does not select them")
    completions = spec["completions"].number
    last = f"{name.text}-{completions - 1}"
    if spec["completionMode"].text == "Indexed" and completions > 0 and formats.dns_label(last):
        yield name.invalid("with the index it must be a DNS label, the pod's host name")


def cron_job(field: Field) -> Errors:
    """A schedule and the template of the Jobs."""
    spec, name = field["spec"], field["metadata"]["name"]
    if len(name.text.encode()) > CRON_JOB_NAME_BYTES:
        yield name.invalid(f"must have at most {CRON_JOB_NAME_BYTES} characters")
    yield from _CRON_JOB(spec)
    yield from _schedule(spec["schedule"])
    yield from _time_zone(spec["timeZone"])
    template = spec["jobTemplate"]["spec"]
    yield from _job_spec(template)
    if template["selector"].is_set:
        yield template["selector"].invalid("is generated for every Job")
    if template["manualSelector"]:
        yield template["manualSelector"].unsupported(("false",))


def _generated_selector(field: Field) -> Errors:
    spec = field["spec"]
    labels = Field(spec["template"]["metadata"]["labels"].value, spec["template"]["metadata"]["labels"].path)
    expected = {
        "controller-uid": UNKNOWN_UID,
        "job-name": field["metadata"]["name"].text,
        "batch.kubernetes.io/controller-uid": UNKNOWN_UID,
        "batch.kubernetes.io/job-name": field["metadata"]["name"].text,
    }
    for key, value in expected.items():
        if labels.entry(key).value != value:
            yield labels.entry(key).invalid("is set by the API server; leave it out")
    if matches(spec["selector"], expected) is False:
        yield spec["selector"].invalid("is generated; leave it out or set manualSelector")


def _job_spec(spec: Field) -> Errors:
    yield from _COUNTS(spec)
    manager = spec["managedBy"]
    if manager.is_set:
        yield from _manager(manager)
    yield from one_of("NonIndexed", "Indexed")(spec["completionMode"])
    yield from _indexed(spec) if spec["completionMode"].text == "Indexed" else _not_indexed(spec)
    if spec["maxFailedIndexes"].is_set and not spec["backoffLimitPerIndex"].is_set:
        yield spec["backoffLimitPerIndex"].required("maxFailedIndexes needs it")
    if spec["podFailurePolicy"].is_set:
        yield from _failure_policy(spec)
    if spec["successPolicy"].is_set:
        yield from _success_policy(spec)
    yield from one_of(*(["Failed"] if spec["podFailurePolicy"].is_set else ["Failed", "TerminatingOrFailed"]))(
        spec["podReplacementPolicy"]
    )
    yield from pods.pod_template(spec["template"])
    yield from _restart_policy(spec)


def _manager(field: Field) -> Errors:
    if not field:
        yield field.required()
    else:
        yield from has_format(formats.domain_prefixed_path)(field)
    if len(field.text.encode()) > MANAGER_BYTES:
        yield field.too_long(MANAGER_BYTES)


def _restart_policy(spec: Field) -> Errors:
    policy = spec["template"]["spec"]["restartPolicy"]
    if policy.text in ("Always", ""):
        yield policy.required("must be OnFailure or Never")
    elif policy.text not in ("OnFailure", "Never"):
        yield policy.unsupported(("OnFailure", "Never"))
    elif spec["podFailurePolicy"].is_set and policy.text != "Never":
        yield policy.invalid("podFailurePolicy needs Never")


def _not_indexed(spec: Field) -> Errors:
    """Other words for the mode than NonIndexed are refused elsewhere."""
    if spec["completionMode"].is_set and spec["completionMode"].text != "NonIndexed":
        return
    for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
        if spec[name].is_set:
            yield spec[name].invalid("needs completionMode: Indexed")


def _indexed(spec: Field) -> Errors:
    completions, failed, parallelism = spec["completions"], spec["maxFailedIndexes"], spec["parallelism"]
    if not completions.is_set:
        yield completions.required("completionMode Indexed needs it")
    if parallelism.number > MOST_INDEXED_PARALLELISM:
        yield parallelism.invalid(f"must be at most {MOST_INDEXED_PARALLELISM}")
    if completions.is_set and failed.number > completions.number and failed.is_set:
        yield failed.invalid("must not be over completions")
    if failed.number > MOST_FAILED_INDEXES:
        yield failed.invalid(f"must be at most {MOST_FAILED_INDEXES}")
    if completions.number > MANY_COMPLETIONS and spec["backoffLimitPerIndex"].is_set:
        if not failed.is_set:
            yield failed.required(f"more than {MANY_COMPLETIONS} completions need it")
        for field in (parallelism, failed):
            if field.number > MOST_WITH_MANY_COMPLETIONS:
                yield field.invalid(f"must be at most {MOST_WITH_MANY_COMPLETIONS} with so many completions")


def _failure_policy(spec: Field) -> Errors:
    rules, template = spec["podFailurePolicy"]["rules"], spec["template"]["spec"]
    if len(rules.value or ()) > MOST_RULES:
        yield rules.too_many(MOST_RULES)
    names = {each["name"].text for key in ("containers", "initContainers") for each in template[key].elements()}
    for rule in rules.elements():
        action, codes, conditions = rule["action"], rule["onExitCodes"], rule["onPodConditions"]
        yield from one_required("Count", "FailIndex", "FailJob", "Ignore")(action)
        if action.text == "FailIndex" and not spec["backoffLimitPerIndex"].is_set:
            yield action.invalid("needs backoffLimitPerIndex")
        if codes.is_set:
            yield from _exit_codes(codes, names)
        if len(conditions.value or ()) > MOST_PATTERNS:
            yield conditions.too_many(MOST_PATTERNS)
        for pattern in conditions.elements():
            yield from (pattern["type"].invalid(each) for each in formats.qualified_name(pattern["type"].text))
            yield from one_required("False", "True", "Unknown")(pattern["status"])
        if codes.is_set == bool(conditions):
            yield rule.invalid("must have exactly one of onExitCodes and onPodConditions")


def _exit_codes(field: Field, names: set[str]) -> Errors:
    yield from one_required("In", "NotIn")(field["operator"])
    if field["containerName"].is_set and field["containerName"].text not in names:
        yield field["containerName"].invalid("the pod has no such container")
    values, numbers = field["values"], field["values"].value or []
    if not numbers:
        yield values.invalid("at least one value is needed")
    elif len(numbers) > MOST_EXIT_CODES:
        yield values.too_many(MOST_EXIT_CODES)
    for index, value in enumerate(values.elements()):
        if field["operator"].text == "In" and value.value == 0:
            yield value.invalid("0 is no failure")
        if value.value in numbers[:index]:
            yield value.duplicate()
    if any(later < earlier for earlier, later in pairwise(numbers)):
        yield values.invalid("must be in rising order")


def _success_policy(spec: Field) -> Errors:
    field = spec["successPolicy"]
    if spec["completionMode"].text != "Indexed":
        yield field.invalid("needs completionMode: Indexed")
        return
    rules = field["rules"]
    if not rules:
        yield rules.required("at least one rule is needed")
    if len(rules.value or ()) > MOST_RULES:
        yield rules.too_many(MOST_RULES)
    for rule in rules.elements():
        yield from _success_rule(rule, spec["completions"].number)


def _success_rule(rule: Field, completions: int) -> Errors:
    count, indexes = rule["succeededCount"], rule["succeededIndexes"]
    if not count.is_set and not indexes.is_set:
        yield rule.required("succeededCount or succeededIndexes is needed")
    total = _count_indexes(indexes.text, completions)
    if indexes.is_set and len(indexes.text.encode()) > INDEXES_BYTES:
        yield indexes.too_long(INDEXES_BYTES)
    if indexes.is_set and total is None:
        yield indexes.invalid("must be rising numbers and ranges below completions, such as 0,2-4")
    yield from non_negative(count)
    if count.is_set and count.value > completions:
        yield count.invalid("must not be over completions")
    if count.is_set and indexes.is_set and count.value > (total or 0):
        yield count.invalid("must not be over the number of indexes")


def _count_indexes(text: str, completions: int) -> int | None:
    """How many indexes `0,2-4` names; None when it is malformed."""
    total, last = 0, -(2**63)
    for interval in text.split(",") if text else ():
        limits = interval.split("-")
        if len(limits) > 2 or not all(re.fullmatch(r"\+?[0-9]+", limit) for limit in limits):
            return None
        first, final = int(limits[0]), int(limits[-1])
        if final >= completions or first <= last or (len(limits) == 2 and first >= final):
            return None
        total, last = total + final - first + 1, final
    return total


def _schedule(field: Field) -> Errors:
    if not field:
        yield field.required()
        return
    try:
        schedule.parse(field.text)
    except schedule.InvalidSchedule as error:
        yield field.invalid(str(error))
    if "TZ" in field.text:
        yield field.invalid("the zone belongs into timeZone")


def _time_zone(field: Field) -> Errors:
    if not field.is_set:
        return
    name = field.text
    if not name:
        yield field.invalid("must be a zone such as Asia/Kolkata, or left out")
        return
    if not all(ZONE_PART.fullmatch(part) and part not in (".", "..") for part in name.split("/")):
        yield field.invalid(f"no time zone is called {name}")
        return
    if name.lower() == "local":
        yield field.invalid("must name a zone, such as Asia/Kolkata")
    if name not in ("Local", "UTC") and not _is_zone(name):
        yield field.invalid(f"no time zone is called {name}")


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_COUNTS = struct(
    {
        "parallelism": non_negative,
        "completions": non_negative,
        "activeDeadlineSeconds": non_negative,
        "backoffLimit": non_negative,
        "ttlSecondsAfterFinished": non_negative,
        "backoffLimitPerIndex": non_negative,
        "maxFailedIndexes": non_negative,
    }
)
_CRON_JOB = struct(
    {
        "startingDeadlineSeconds": non_negative,
        "successfulJobsHistoryLimit": non_negative,
        "failedJobsHistoryLimit": non_negative,
        "concurrencyPolicy": one_required("Allow", "Forbid", "Replace"),
    }
)
