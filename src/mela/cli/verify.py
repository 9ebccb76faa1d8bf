"""`mela verify`."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from mela import __version__
from mela.cli import render

if TYPE_CHECKING:
    from mela.cluster.checks import Rule
    from mela.cluster.objects import System
    from mela.verify import Report

FOUND = 1
NOT_CHECKED = 2
FORMATS = ("human", "json", "sarif")


@click.command(
    epilog="Examples:  mela verify kubernetes/   ·   helm template shop | mela verify -   ·   mela verify --explain removed-api"
)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--kubernetes",
    default=None,
    metavar="VERSION",
    help="The version that the objects are meant for, 1.28 to 1.36.  [default: 1.36]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="human",
    show_default=True,
    help="For people, scripts or code hosts.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning", "info")),
    default="error",
    show_default=True,
    help="The mildest finding that makes the exit code 1.",
)
@click.option("--explain", metavar="RULE", help="What a rule is about, with a right and a wrong example.")
@click.option("--list", "lists", is_flag=True, help="Every rule.")
@click.option("--network", is_flag=True, help="Who can reach whom, against who needs to, instead of findings.")
@click.option(
    "--picture", type=click.Path(dir_okay=False, writable=True), metavar="FILE", help="With --network: draw it, as SVG."
)
@click.version_option(__version__, prog_name="mela verify")
def verify(  # noqa: PLR0917 - click passes them by name
    paths: tuple[str, ...],
    kubernetes: str | None,
    form: str,
    fail_on: str,
    explain: str | None,
    lists: bool,
    network: bool,
    picture: str | None,
) -> None:
    """Read whole systems of Kubernetes objects and say what is wrong, what will happen, and how to mend it.

    PATH is a file, a folder with manifests, kustomizations and charts, or - for standard input.
    Exit code: 0 nothing is wrong, 1 something is, 2 it could not be checked.
    """
    from mela.cluster import checks

    if lists:
        _list(checks.every())
    elif explain:
        _explain(explain, checks.every())
    elif network:
        _network(_read(paths, kubernetes), picture)
    else:
        gc.disable()  # everything that is read stays until the report is printed
        try:
            report = _check(paths, kubernetes)
        finally:
            gc.enable()
        _print(report, form, checks.every())
        raise SystemExit(FOUND if report.fails(fail_on) else 0)


def _check(paths: Sequence[str], version: str | None) -> "Report":
    from mela import verify as checker

    return checker.check(_read(paths, version))


def _read(paths: Sequence[str], version: str | None) -> "Sequence[System]":
    from mela.cluster import manifests
    from mela.cluster.objects import NEWEST
    from mela.cluster.schemas.published import VERSIONS

    if not paths:
        raise click.UsageError("Name files or folders, or - for standard input: mela verify kubernetes/")
    if version is not None and version.removeprefix("v") not in VERSIONS:
        raise click.UsageError(f"Kubernetes {version} is not known here; there are {', '.join(VERSIONS)}.")
    try:
        systems = manifests.read(paths, version=(version or NEWEST).removeprefix("v"))
    except FileNotFoundError as error:
        raise click.UsageError(f"{error} is not there.") from error
    if not any(system.objects or system.mishaps for system in systems):
        render.problem("There are no Kubernetes objects in " + ", ".join(paths) + ".")
        raise SystemExit(NOT_CHECKED)
    return systems


def _network(systems: "Sequence[System]", picture: str | None) -> None:
    """A table per system; the picture is of the first."""
    from mela.cluster.checks import schema
    from mela.verify.report import network

    readable = [schema.readable(system) for system in systems]
    for system in readable:
        render.table("Network", network.COLUMNS, network.rows(system))
    if picture:
        Path(picture).write_text(network.picture(readable[0]), encoding="utf-8")


def _print(report: "Report", form: str, rules: "Sequence[Rule]") -> None:
    if form == "json":
        from mela.verify.report import data

        render.as_json(data.document(report))
    elif form == "sarif":
        from mela.verify.report import sarif

        render.as_json(sarif.document(report, rules))
    else:
        from mela.verify.report import human

        render.lines(human.lines(report))


def _list(rules: "Sequence[Rule]") -> None:
    render.table(
        "Rules", ("rule", "severity", "family", "about"), [(r.id, r.severity, r.family, r.about) for r in rules]
    )


def _explain(name: str, rules: "Sequence[Rule]") -> None:
    from rapidfuzz import process

    from mela.verify.report import human

    found = next((rule for rule in rules if rule.id == name), None)
    if found is None:
        near = process.extractOne(name, [rule.id for rule in rules])
        raise click.UsageError(f"There is no rule {name}. Did you mean {near[0]}? `mela verify --list` names them all.")
    render.lines(human.explanation(found))
