"""`mela rehearse` and `mela events` on the command line."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from mela.cli.events import events
from mela.cli.rehearse import _within, rehearse
from mela.rehearsal import example, strategies, sweep
from mela.rehearsal.plan import Plan
from mela.rehearsal.report import amounts, document, words
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from mela.rehearsal.verdict.search import search
from tests.rehearsal import match

SCHEMA = Path(document.__file__).parent / "data" / "rehearsal.schema.json"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(rehearse, list(arguments))


def small(folder: Path) -> list[str]:
    """The example in a folder of one's own, as arguments."""
    file = folder / "match.yaml"
    file.write_text(Path(example.MANIFESTS).read_text(encoding="utf-8"), encoding="utf-8")
    return [str(file), "--event", example.EVENT, "--calls", example.CALLS, "--quick"]


def test_without_arguments_an_example_breaks_and_explains_itself() -> None:
    told = run("--quick", "--no-search")
    assert told.exit_code == 1
    for part in ("It breaks at 19:", "Last five overs", "maxReplicas", "With your own:"):
        assert part in told.stdout


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (run("--quick", "--no-search", "--json", "--seed", "3") for _ in range(2))
    assert first.stdout == second.stdout


def test_json_fits_its_schema() -> None:
    found = json.loads(run("--quick", "--json").stdout)
    jsonschema_rs.validate(json.loads(SCHEMA.read_text(encoding="utf-8")), found)
    assert found["held"] is False
    assert found["failures"][0]["cause"]["mechanism"] == "max-replicas"
    assert found["mend"]["held"] is True


def test_the_patch_mends(tmp_path: Path) -> None:
    patch, page = tmp_path / "a.patch", tmp_path / "a.html"
    told = run(*small(tmp_path), "--fix", str(patch), "--html", str(page))
    assert told.exit_code == 1
    assert '"name":"with-the-change"' in page.read_text(encoding="utf-8")
    subprocess.run(["git", "apply", "--unsafe-paths", "--directory=/", str(patch)], cwd=tmp_path, check=True)
    assert run(*small_again(tmp_path), "--no-search").exit_code == 0


def small_again(folder: Path) -> list[str]:
    return [str(folder / "match.yaml"), "--event", example.EVENT, "--calls", example.CALLS, "--quick"]


def test_a_page_of_the_same_seed_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        run("--quick", "--no-search", "--html", str(tmp_path / name))
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_what_costs_more_than_the_budget_fails() -> None:
    told = run("--quick", "--scale", "0.2", "--budget", "1")
    assert told.exit_code == 1
    assert "and may cost ₹1" in told.stderr


def test_a_change_that_costs_more_than_the_budget_is_not_within_it() -> None:
    around = Around(match.system())
    verdict = judge(match.play(around.system), around)
    mend = search(around, match.play, verdict)
    assert mend is not None
    before, after = verdict.cost_paise, mend.verdict.cost_paise
    assert _within(after, verdict, mend, quiet=True)
    assert before < after - 1
    assert not _within(after - 1, verdict, mend, quiet=True)


def test_a_fault_is_named_before_the_harm_that_follows() -> None:
    found = json.loads(
        run("--quick", "--no-search", "--scale", "0.4", "--fault", "zone:ap-south-1a@last-overs", "--json").stdout
    )
    assert found["plan"]["faults"] == ["zone:ap-south-1a@last-overs"]
    assert any(failure["fault"] for failure in found["failures"])


def test_faults_are_listed() -> None:
    assert "zone:ap-south-1b@+40m/15m" in run("--list-faults").stdout


def test_all_strategies_stand_in_one_table(tmp_path: Path) -> None:
    event = tmp_path / "event.yaml"  # of a family of its own, so that no history is made for it
    event.write_text(
        Path(example.EVENT).read_text(encoding="utf-8").replace("family: match", "family: trial"), encoding="utf-8"
    )
    found = json.loads(run("--quick", "--compare", "--json", "--scale", "0.3", "--event", str(event)).stdout)
    assert [one["plan"]["strategy"] for one in found["runs"]] == list(strategies.NAMES)
    assert all(one["cost_paise"] > 0 for one in found["runs"])


def test_many_seeds_and_scales_make_a_table() -> None:
    found = json.loads(run("--quick", "--seeds", "1..2", "--scales", "0.4,1", "--json").stdout)
    assert [(r["plan"]["scale"], r["plan"]["seed"], r["held"]) for r in found["runs"]] == [
        (0.4, 1, True), (0.4, 2, True), (1.0, 1, False), (1.0, 2, False)
    ]  # fmt: skip
    assert found["held"] is False
    assert [(each["scale"], each["seeds"], each["held"]) for each in found["spread"]] == [(0.4, 2, 2), (1.0, 2, 0)]
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(found)


def test_many_seeds_tell_how_far_they_lie_apart() -> None:
    def seed(number: int, lost: float, first_s: int | None, why: str) -> sweep.Row:
        start = datetime(2026, 11, 26, 14, tzinfo=UTC)
        first_at = start + timedelta(seconds=first_s) if first_s is not None else None
        return sweep.Row(
            Plan(("k8s",), "tatkal", seed=number),
            not lost,
            lost,
            0.0,
            40 + number,
            9.5,
            100_00 * number,
            first_s,
            first_at,
            why,
        )

    rows = [
        seed(1, 0.0, None, ""),
        seed(2, 300.0, 900, "slow-start"),
        seed(3, 120.0, 60, "max-replicas"),
        seed(4, 90.0, 70, "max-replicas"),
    ]
    (found,) = sweep.spreads(rows)
    assert (found.seeds, found.held, found.lost, found.most_pods) == (4, 1, (0.0, 90.0, 300.0), (41, 42, 44))
    assert words.spread(found) == (
        "as-written × 1, 4 seeds: 1 held; 0 to 300 (middle 90) actions failed, 41 to 44 (middle 42) pods at the most, "
        "₹100 to ₹400 (middle ₹200). First failure 19:31:00 to 19:45:00: max-replicas 2, slow-start 1."
    )
    assert not sweep.spreads(rows[:1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/not/there", "--event", "tatkal"], "/not/there is not there"),
        ([example.MANIFESTS], "Say which event"),
        ([example.MANIFESTS, "--event", "tatkul"], "there is no such event"),
        ([example.MANIFESTS, "--event", "tatkal"], "No call graph fits"),
        ([example.EVENT, "--event", "tatkal"], "There are no Kubernetes objects"),
        (["--strategy", "hope"], "There is no strategy hope; there are as-written"),
        (["--budget", "5x"], "is no amount; write 50000, 5L or 2Cr"),
        (["--seeds", "8..1"], "name 1 to 1000 seeds"),
        (["--scales", "1,x"], "no list such as"),
        (["--calls", "nothing.yaml"], "nothing.yaml"),
        (["--fault", "earthquake@+5m"], "earthquake"),
        (["--fault", "zone:ap-south-1b@halftime"], "the event has no moment 'halftime'"),
    ],
)
def test_what_cannot_be_run_exits_2_with_a_sentence(arguments: list[str], says: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert says in " ".join(told.stderr.replace("│", "").split())


@pytest.mark.parametrize(
    ("text", "paise"), [("50000", 50_000_00), ("1,20,000", 1_20_000_00), ("5L", 5_00_000_00), ("2.5 lakh", 2_50_000_00), ("2Cr", 2_00_00_000_00), ("₹3 crores", 3_00_00_000_00)]
)  # fmt: skip
def test_amounts_are_read_as_indians_type_them(text: str, paise: int) -> None:
    assert amounts.read(text) == paise


@pytest.mark.parametrize("text", ["", "5x", "-1", "1e9", "L", "99999999Cr"])
def test_what_is_no_amount_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|more than"):
        amounts.read(text)


def test_events_are_listed_shown_and_drawn(tmp_path: Path) -> None:
    call = CliRunner().invoke
    assert "match-2019" in call(events, ["list"]).stdout
    shown = call(events, ["show", "match-2019"]).stdout
    assert "published" in shown
    assert "insider-2019" in shown
    drawn = call(events, ["plot", "match-2019"]).stdout
    assert max(map(len, drawn.splitlines())) <= 80
    assert "2.53 crore" in drawn
    assert "Toss" in drawn
    for name, begin in (("a.svg", "<svg"), ("a.html", "<!doctype html>")):
        assert call(events, ["plot", "tatkal", "--line", "book /s", "--out", str(tmp_path / name)]).exit_code == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)


def test_a_wrong_line_of_an_event_is_named() -> None:
    told = CliRunner().invoke(events, ["plot", "tatkal", "--line", "viewers"])
    assert told.exit_code == 2
    assert "it has login /s" in " ".join(told.stderr.replace("│", "").split())
