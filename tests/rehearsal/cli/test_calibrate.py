"""`mela calibrate`: what it makes of a measurement; tests/proofs measures a real service."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mela.cli import calibrate
from mela.cli.calibrate import figures, process, wrk
from mela.cli.calibrate.model import CannotMeasure, Load, Steady
from mela.rehearsal import calls, example

SAID = """\
Running 2s test @ http://127.0.0.1:3000/
  Latency Distribution
     50%    2.40ms
     99%    1.03s
  1130 requests in 2.00s, 1.1MB read
Requests/sec:    565.10
"""
LOADS = [
    Load(1, 100, 7.4, 20, 1.6, 0.2),
    Load(2, 560, 8.0, 29, 1.7, 0.95),
    Load(4, 570, 13.7, 51, 1.7, 0.97),
    Load(8, 565, 20.0, 90, 1.7, 0.97),
]


STEADY = Steady(190, 8.3, 12.0, 2.5, 1.0)
"""More CPU for each than at full speed, and answers that vary by 40 % of it."""


def test_quantiles_are_read_in_any_unit() -> None:
    assert wrk.quantile(SAID, 50) == 2.4
    assert wrk.quantile(SAID, 99) == 1030


def test_it_stops_after_two_loads_that_bring_nothing() -> None:
    assert [calibrate._is_over(LOADS[:many]) for many in (1, 2, 3, 4)] == [False, False, False, True]


def test_figures_are_those_of_a_call_graph() -> None:
    found = figures.of("http://x/", LOADS, STEADY, 11.0, {process.CPU: 2.8}, 4.25, {process.MEMORY: 141 * 2**20})
    assert (found["cv"], found["idle_cpu_m"]) == (0.4, 11.0)
    assert found["wait_ms"] == pytest.approx(8.3 - 2.37, abs=0.01)  # beyond the median of work that varies so
    assert (found["saturation_per_s"], found["saturation_connections"], found["saturated_by"]) == (570, 2, "CPU")
    assert (found["start_s"], found["start_cpu_s"], found["memory_mb"], found["workers"]) == (4.25, 2.8, 141, 1)
    line = f"      read: {{cpu_ms: {found['cpu_ms']}, busy_cpu_ms: {found['busy_cpu_ms']}, cv: 0.4, wait_ms: {found['wait_ms']}}}"
    assert line in figures.lines(found, "scores", "read")


def test_idle_and_busy_lie_on_a_line_through_the_fixed_rate() -> None:
    idle_ms, busy_ms = figures.by_use(STEADY, LOADS, 11.0)
    assert busy_ms == pytest.approx(1000 * (0.95 + 0.97 + 0.97) / (560 + 570 + 565))  # of loads that left nothing idle
    used = STEADY.per_s * STEADY.cpu_ms / 1000 / (0.97 - 0.011)
    assert idle_ms + (busy_ms - idle_ms) * used == pytest.approx(STEADY.cpu_ms)


def test_a_busy_process_is_never_taken_to_be_dearer() -> None:
    """Where the load itself disturbs, or the process was asked for all that it can do at the fixed rate, too."""
    assert figures.by_use(Steady(190, 8.3, 12.0, 1.2, 1.0), LOADS, 11.0) == pytest.approx((1.2, 1.2))
    assert figures.by_use(Steady(500, 8.3, 12.0, 2.5, 1.0), LOADS, 11.0)[0] == 2.5


def test_figures_go_into_the_file_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(Path(example.CALLS).read_text(encoding="utf-8"), encoding="utf-8")
    found = figures.of("http://x/", LOADS, STEADY, 11.0, {process.CPU: 2.8}, 4.25, {process.MEMORY: 141 * 2**20})
    figures.write(file, "scores.heartbeat", found)
    scores = calls.load(str(file)).services["scores"]
    assert (scores.start_s, scores.start_cpu_s, scores.memory_mb) == (4.25, 2.8, 141)
    heartbeat = scores.operations["heartbeat"]
    assert (heartbeat.cpu_ms, heartbeat.busy_cpu_ms) == (found["cpu_ms"], found["busy_cpu_ms"])
    assert (heartbeat.cv, heartbeat.wait_ms) == (0.4, found["wait_ms"])
    assert scores.operations["home"].cpu_ms == 2
    assert "heartbeat: # the score, every ten seconds" in file.read_text(encoding="utf-8")


def test_an_operation_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(Path(example.CALLS).read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(CannotMeasure, match=r"has no operation scores\.buy; it has scores\.start"):
        figures.write(file, "scores.buy", {})


def test_without_wrk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    told = CliRunner().invoke(calibrate.calibrate, ["http://127.0.0.1:1/"])
    assert told.exit_code == 2
    assert "apt-get install wrk" in told.stderr
