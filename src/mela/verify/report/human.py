"""The report for people: file:line, what is wrong, what will happen, how to mend it. Styles are dropped where colours are not wanted."""

from collections.abc import Iterator

from rich.text import Text

from mela.cluster.checks import Finding, Rule
from mela.cluster.wording import plural
from mela.verify.run import RANKS, Report

STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_INDENT = "    "


def lines(report: Report) -> Iterator[Text]:
    """A block per finding, then the summary."""
    for finding in report.findings:
        yield from _finding(finding)
        yield Text()
    yield summary(report)


def summary(report: Report) -> Text:
    """`12 objects in 3 files, Kubernetes 1.36: 2 errors, 1 warning`."""
    objects = f"{report.objects} {plural('object', report.objects)}"
    files = f"{report.files} {plural('file', report.files)}"
    text = Text(f"{objects} in {files}, Kubernetes {report.version}: ")
    counts = [(severity, report.count(severity)) for severity in RANKS if report.count(severity)]
    if not counts:
        text.append("nothing is wrong", "bold green")
    for place, (severity, count) in enumerate(counts):
        text.append(", " if place else "")
        text.append(f"{count} {severity if severity == 'info' else plural(severity, count)}", STYLES[severity])
    if report.ignored:
        text.append(f"; {len(report.ignored)} accepted by annotation")
    return text


def explanation(rule: Rule) -> Iterator[Text]:
    """What `--explain` says."""
    yield Text.assemble((rule.id, "bold"), "  ", (rule.severity, STYLES[rule.severity]), f"  {rule.family}")
    yield Text(rule.about)
    for title, example, style in (("Right", rule.good, "green"), ("Wrong", rule.bad, "red")):
        yield Text()
        yield Text(title, f"bold {style}")
        for line in example.strip("\n").splitlines():
            yield Text(f"{_INDENT}{line}".rstrip())


def _finding(finding: Finding) -> Iterator[Text]:
    severity = finding.severity or "error"
    yield Text.assemble(
        (f"{finding.object.source.file}:{finding.line}", "bold"), "  ",
        (severity, STYLES[severity]), "  ",
        finding.object.title, "  " if finding.object.title else "", (f"[{finding.rule}]", "dim"),
    )  # fmt: skip
    yield Text(_INDENT + finding.says)
    if finding.happens:
        yield Text.assemble(_INDENT, ("then: ", "dim"), finding.happens)
    if finding.mend:
        yield Text.assemble(_INDENT, ("mend: ", "dim"), finding.mend)
