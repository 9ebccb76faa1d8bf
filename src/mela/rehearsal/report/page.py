"""The report as one HTML file that asks nothing of anybody: script, styles, data and texts are in it.

The same outcomes give the same bytes. Charts are uPlot's (MIT, its licence goes along); the rest is `web/`.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from mela.kernel.i18n import LANGUAGES
from mela.rehearsal.model import Trace
from mela.rehearsal.report import thin, words
from mela.rehearsal.report.outcome import Outcome, crowd
from mela.rehearsal.verdict import objectives

WEB = Path(__file__).parent / "web"
MOST_VALUES = 100_000
"""Points of all series together; each takes two bytes of the page."""
MOST_POINTS = 1_440
MOST_HAPPENINGS = 400
BY_SERVICE = (
    "offered", "served", "shed", "failed", "capacity", "latency_p50_s", "latency_p99_s", "cpu_used_m", "cpu_limit_m",
    "desired", "ready", "starting", "pending", "refused",
)  # fmt: skip
PREFIXES = ("page", "run", "chart", "line", "now", "when", "gap", "word")
"""Texts that the page itself fills in."""


def html(outcomes: Sequence[Outcome], lang: str = "en") -> str:
    """The page of one outcome, or of two side by side."""
    template = (WEB / "page.html").read_text(encoding="utf-8")
    parts = {
        "lang": lang,
        "title": escape(f"{words.headline(outcomes[0].verdict, lang)} {outcomes[0].event}"),
        "styles": "\n".join((WEB / name).read_text(encoding="utf-8") for name in ("uplot.min.css", "page.css")),
        "licence": escape((WEB / "LICENSE-uPlot").read_text(encoding="utf-8")).replace("--", "- -"),
        "uplot": (WEB / "uplot.min.js").read_text(encoding="utf-8"),
        "script": (WEB / "page.js").read_text(encoding="utf-8"),
        "data": _script_safe(document(outcomes, lang)),
    }
    head, *rest = template.split("{{")
    return head + "".join(parts[name] + text for name, _, text in (piece.partition("}}") for piece in rest))


def document(outcomes: Sequence[Outcome], lang: str = "en") -> dict[str, Any]:
    """What the page draws, as JSON-shaped data."""
    return {
        "lang": lang,
        "texts": {
            spoken: {
                key.removeprefix("rehearsal."): forms["other"]
                for key in words.texts()
                if key.split(".")[1] in PREFIXES
                for forms in [words.texts()[key].languages[spoken]]
            }
            for spoken in LANGUAGES
        },
        "runs": [_run(outcome, _points(outcomes)) for outcome in outcomes],
    }


def _script_safe(value: Mapping[str, Any]) -> str:
    """JSON that ends no script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _points(outcomes: Sequence[Outcome]) -> int:
    series = sum(len(outcome.trace.services.names) * len(BY_SERVICE) + 12 for outcome in outcomes)
    return max(60, min(MOST_POINTS, MOST_VALUES // series))


def _run(outcome: Outcome, points: int) -> dict[str, Any]:
    trace = outcome.trace
    every = thin.stride(trace.ticks, points)

    def line(values: thin.Values) -> dict[str, Any]:
        return thin.coded(thin.thin(values, every))

    name, people = crowd(trace)
    return {
        "name": outcome.name,
        "event": outcome.event,
        "about": {"paths": ", ".join(outcome.paths), **outcome.about, "gaps": " ".join(outcome.gaps)},
        "start": int(trace.start.timestamp()),
        "ticks": trace.ticks,
        "times": every,
        "seed": trace.seed,
        "strategy": trace.strategy,
        "moments": [{"at": one.at_s, "text": one.text, "planned": one.planned} for one in trace.moments],
        "services": [
            {"name": service, "promised": objectives.of(service).p99_s}
            | {key: line(getattr(trace.services, key)[:, column]) for key in BY_SERVICE}
            for column, service in enumerate(trace.services.names)
        ],
        "crowd": {"name": name, "line": line(people)},
        "pools": [{"name": pool, "line": line(trace.nodes[:, column])} for column, pool in enumerate(trace.pools)],
        "bandwidth": line(trace.bandwidth_mbps),
        "asked_mbps": line(trace.bandwidth_mbps / trace.quality) if trace.quality.min() < 1 else None,
        "cost": line(trace.cost_paise * 36),
        "spent": line(np.cumsum(trace.cost_paise) / 100),
        "happenings": _happenings(trace),
        **_verdict(outcome),
    }


def _happenings(trace: Trace) -> list[dict[str, Any]]:
    """The first of many, the rare kinds before the frequent ones."""
    count: dict[str, int] = {}
    for one in trace.happenings:
        count[one.kind] = count.get(one.kind, 0) + 1
    chosen = sorted(trace.happenings, key=lambda one: (count[one.kind], one.at_s))[:MOST_HAPPENINGS]
    return [
        {"at": one.at_s, "kind": one.kind, "service": one.service, "text": one.text}
        for one in sorted(chosen, key=lambda one: (one.at_s, one.kind, one.service, one.text))
    ]


def _verdict(outcome: Outcome) -> dict[str, Any]:
    trace, verdict = outcome.trace, outcome.verdict
    _, people = crowd(trace)
    return {
        "held": verdict.held,
        "headline": {lang: words.headline(verdict, lang) for lang in LANGUAGES},
        "peak": {"at": int(people.argmax()), "count": round(float(people.max()))},
        "lost": round(sum(one.wrong for one in verdict.budgets if one.kind == "available")),
        "used": max((one.used for one in verdict.budgets if one.kind == "available"), default=0.0),
        "pods": int(trace.services.ready.sum(axis=1).max()),
        "rupees": round(verdict.cost_paise / 100),
        "failures": [
            {
                "first": found.first_s,
                "last": found.last_s,
                "service": found.service,
                "says": {
                    lang: [words.when(trace, found.first_s, lang), *words.failure(trace, found, lang)] for lang in LANGUAGES
                },
                "said": found.cause.said,
                "place": words.place(found.cause.field) if found.cause.field else "",
                "field": words.field(found.cause.field) if found.cause.field else "",
            }
            for found in verdict.failures
        ],
        "budgets": [
            {"used": one.used, "of": one.of, "says": {lang: words.budget(one, lang) for lang in LANGUAGES}}
            for one in sorted(verdict.budgets, key=lambda one: -one.used)
        ],
        "mend": _mend(outcome) if outcome.looked else None,
    }  # fmt: skip


def _mend(outcome: Outcome) -> dict[str, Any]:
    changes = outcome.mend.changes if outcome.mend else ()
    return {
        "says": {lang: words.mend(outcome.verdict, outcome.mend, lang) for lang in LANGUAGES},
        "changes": [
            {"place": words.place(one.field), "thing": one.thing.title, "change": words.change(one)} for one in changes
        ],
        "diff": outcome.diff,
    }
