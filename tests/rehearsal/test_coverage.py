"""A folder that has part of an event plays that part, and the rest is told."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mela.cli.rehearse import rehearse
from mela.rehearsal import calls, coverage, events, example, plan
from mela.rehearsal.plan import CannotRehearse, Plan

MANIFESTS, CALLS = example.of("tatkal") or ("", "")
ALL = ("railway/gate", "railway/enquiry", "railway/booking")


def folder(root: Path, *, without: tuple[str, ...]) -> str:
    """Tatkal's example without some of its Deployments and what scales them."""
    documents = Path(MANIFESTS).read_text(encoding="utf-8").split("\n---\n")
    kept = [each for each in documents if not any(f"name: {name}" in each for name in without)]
    file = root / "railway.yaml"
    file.write_text("\n---\n".join(kept), encoding="utf-8")
    return str(file)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(rehearse, list(arguments))


def test_a_folder_that_has_it_all_leaves_nothing_out() -> None:
    graph = calls.load(CALLS)
    assert coverage.gaps(graph, ALL, ("login", "search", "book")) == ()
    assert coverage.playable(graph, ALL) is graph


def test_an_action_that_needs_a_missing_workload_is_a_gap_and_the_others_stay() -> None:
    graph = calls.load(CALLS)
    assert coverage.gaps(graph, ALL[:2], ("login", "search", "book")) == (
        coverage.Gap("book", "it needs railway/booking, which is not among the manifests"),
    )
    left = coverage.playable(graph, ALL[:2])
    assert list(left.actions) == ["login", "search"]
    assert "booking" not in left.services
    assert "take" in left.services["berths"].operations  # it stands outside, whoever calls it


def test_what_leads_to_a_gap_is_one_itself() -> None:
    text = Path(CALLS).read_text(encoding="utf-8").replace("to: accounts.who,", "to: booking.book,")
    graph = calls.parse(text, "calls.yaml")
    assert [gap.action for gap in coverage.gaps(graph, ALL[:2], ("login", "search", "book"))] == ["login", "book"]


def test_the_part_that_is_there_is_played_and_what_nobody_serves_is_told_with_its_size(tmp_path: Path) -> None:
    here = folder(tmp_path, without=("booking",))
    arguments = (here, "--event", "tatkal", "--calls", CALLS, "--quick", "--no-search")
    found = json.loads(run(*arguments, "--json").stdout)
    asked = dict(zip(("login", "search", "book"), events.load("tatkal").demand().arrivals.sum(axis=0), strict=False))
    assert {promise["of"] for promise in found["promises"] if promise["kind"] == "available"} == {"login", "search"}
    (gap,) = found["not_rehearsed"]
    assert (gap["action"], gap["asked"]) == ("book", pytest.approx(float(asked["book"]), abs=0.1))
    told = " ".join(run(*arguments).stdout.split())
    assert "Not rehearsed: book, asked for" in told
    assert "It needs railway/booking, which is not among the manifests." in told


def test_where_nobody_plays_any_of_it_the_sentence_says_what_each_action_lacks(tmp_path: Path) -> None:
    here = folder(tmp_path, without=("gate", "enquiry", "booking"))
    Path(here).write_text(Path(here).read_text(encoding="utf-8") + SHOP, encoding="utf-8")
    with pytest.raises(
        CannotRehearse, match=r"Nobody plays .* here\. login: it needs railway/gate, .* The workloads are shop/web\."
    ):
        plan.read(Plan((here,), "tatkal", CALLS))


SHOP = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1"}]}}
"""
