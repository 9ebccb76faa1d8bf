"""The verdict as JSON, for scripts: `data/rehearsal.schema.json` describes it, and holds for every `mela.dev/rehearsal/v1`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from mela.cluster.schemas.paths import spell
from mela.rehearsal import sweep
from mela.rehearsal.coverage import Gap
from mela.rehearsal.model import Field, Trace
from mela.rehearsal.plan import Plan
from mela.rehearsal.report import words
from mela.rehearsal.report.outcome import Outcome, crowd
from mela.rehearsal.sweep import Row
from mela.rehearsal.verdict.model import Budget, Cause, Change, Failure

SCHEMA = "mela.dev/rehearsal/v1"


def document(
    outcome: Outcome, plan: Plan, budget_paise: int | None = None, gaps: Sequence[tuple[Gap, float]] = ()
) -> dict[str, Any]:
    """One rehearsal. Times are seconds after the start and UTC; shares are parts of one; money is paise."""
    trace, verdict = outcome.trace, outcome.verdict
    name, people = crowd(trace)
    return {
        "schema": SCHEMA,
        "plan": _plan(plan),
        "start": trace.start.isoformat(),
        "duration_s": trace.ticks,
        "held": verdict.held,
        "cost_paise": verdict.cost_paise,
        "budget_paise": budget_paise,
        "crowd": {"what": name, "peak": round(float(people.max()), 1), "at_s": int(people.argmax())},
        "promises": [_promise(one) for one in verdict.budgets],
        "failures": [_failure(trace, one) for one in verdict.failures],
        "mend": _mend(outcome),
        "not_rehearsed": [{"action": gap.action, "asked": round(asked, 1), "why": gap.why} for gap, asked in gaps],
    }


def table(rows: list[Row]) -> dict[str, Any]:
    """Many rehearsals."""
    return {
        "schema": SCHEMA,
        "held": all(row.held for row in rows),
        "runs": [
            {
                "plan": _plan(row.plan), "held": row.held, "lost": round(row.lost, 1), "budget_used": round(row.used, 6),
                "most_pods": row.most_pods, "pod_hours": row.pod_hours, "cost_paise": row.cost_paise, "first_s": row.first_s, "mechanism": row.why,
            }
            for row in rows
        ],
        "spread": [
            {
                "strategy": one.strategy, "scale": one.scale, "seeds": one.seeds, "held": one.held, "lost": _three(one.lost),
                "most_pods": _three(one.most_pods), "cost_paise": _three(one.cost_paise),
                "first_s": list(one.first_s) if one.first_s else None, "mechanisms": dict(one.why),
            }
            for one in sweep.spreads(rows)
        ],
    }  # fmt: skip


def _three(values: Sequence[float]) -> dict[str, float]:
    least, middle, most = (round(value, 1) for value in values)
    return {"least": least, "middle": middle, "most": most}


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "paths": list(plan.paths),
        "event": plan.event,
        "calls": plan.graph,
        "scale": plan.scale,
        "faults": list(plan.faults),
        "strategy": plan.strategy,
        "seed": plan.seed,
        "quick": plan.quick,
    }


def _promise(budget: Budget) -> dict[str, Any]:
    promised = budget.objective.available if budget.kind == "available" else budget.objective.p99_s
    return {
        "kind": budget.kind, "of": budget.of, "promised": promised, "asked": round(budget.asked, 1), "allowed": round(budget.allowed, 1),
        "wrong": round(budget.wrong, 1), "used": round(budget.used, 6),
    }  # fmt: skip


def _failure(trace: Trace, failure: Failure) -> dict[str, Any]:
    return {
        "at_s": failure.first_s,
        "at": (trace.start + timedelta(seconds=failure.first_s)).isoformat(),
        "until_s": failure.last_s,
        "when": words.when(trace, failure.first_s),
        "says": list(words.failure(trace, failure)),
        "service": failure.service,
        "services": list(failure.services),
        "users": round(failure.users, 1),
        "harms": [
            {"service": one.service, "kind": one.kind, "first_s": one.first_s, "last_s": one.last_s, "worst": round(one.worst, 6), "requests": round(one.lost, 1)}
            for one in failure.harms
        ],
        "fault": failure.trigger.text if failure.trigger else None,
        "cause": _cause(failure.cause),
        "others": [_cause(one) for one in failure.others],
    }  # fmt: skip


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "mechanism": cause.mechanism,
        "at_s": cause.at_s,
        "service": cause.service,
        "said": cause.said,
        "field": _field(cause.field) if cause.field else None,
    }


def _field(field: Field) -> Mapping[str, Any]:
    value = field.thing.get(*field.path)
    return {
        "file": field.file,
        "line": field.thing.line_of(field.path),
        "object": field.thing.title,
        "path": spell(field.path),
        "value": value if isinstance(value, str | int | float | bool) else None,
    }


def _mend(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.mend is None:
        return None
    after = outcome.mend.verdict
    return {
        "held": after.held,
        "rehearsals": outcome.mend.runs,
        "cost_paise": after.cost_paise,
        "more_paise": after.cost_paise - outcome.verdict.cost_paise,
        "changes": [_change(one) for one in outcome.mend.changes],
        "patch": outcome.diff,
    }


def _change(change: Change) -> dict[str, Any]:
    return {**_field(change.field), "value": change.before, "becomes": change.after}
