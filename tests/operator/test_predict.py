"""The predictive controller: what it writes, what it never writes, and that nothing is lost when it is killed or doubled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import structlog

from mela.cluster.forecast import Shape
from mela.kernel.clock import FakeClock
from mela.operator import leading
from mela.operator.kube import Refused
from mela.operator.predict import Controller, Crowd, NotUsable, scaler_of
from mela.operator.predicting import Process
from tests.operator import api_server
from tests.operator.api_server import HPA, ApiServer

TOSS = datetime(2026, 11, 29, 13, 30, tzinfo=UTC)
BALL = TOSS + timedelta(minutes=30)
CALENDAR = {"toss": TOSS, "first-ball": BALL}
AT = np.arange(0, 7200, 15, dtype=np.float64)
LEARNT = Shape(
    np.interp(AT, [0, 600, 2400, 2700, 6000, 6300], [3e3, 1e4, 1e4, 5e4, 5e4, 5e2]),
    15,
    {"toss": 600, "first-ball": 2400},
)


class Stand:
    """A crowd that a test sets."""

    def __init__(self, people: float = 10_000) -> None:
        self.people, self.event, self.age_s = people, "final", 0.0

    def read(self, now: datetime) -> Crowd:
        return Crowd(self.event, self.people, self.people * 0.4, now - timedelta(seconds=self.age_s), CALENDAR)


def controller(server: ApiServer, crowd: Stand | None = None, **changes: Any) -> Controller:
    plain: dict[str, Any] = {
        "api": server.api,
        "source": crowd or Stand(),
        "shapes": [LEARNT],
        "namespace": "streaming",
        "name": "sessions",
        "me": "a",
    }
    return Controller(**plain | changes)


def test_floor_is_lifted_before_the_first_ball_and_told() -> None:
    server = ApiServer()
    this = controller(server)
    this.step(TOSS + timedelta(minutes=10))
    assert server.floor() == 10
    this.step(BALL - timedelta(seconds=60))
    assert server.floor() > 30
    reason, message = server.events()[-1]
    assert reason == "FloorRaised"
    assert message.startswith(f"minReplicas 10 to {server.floor()}: 10,000/s now")
    assert "first-ball in 1 min" in message


def test_only_floor_and_annotation_are_written() -> None:
    server = ApiServer()
    controller(server).step(BALL)
    patch = next(body for method, path, body in server.writes if path == HPA)
    assert set(patch["spec"]) == {"minReplicas"}
    assert set(patch["metadata"]) == {"resourceVersion", "annotations"}
    assert set(patch["metadata"]["annotations"]) == {"mela.dev/largest-crowd"}


def test_dry_run_writes_nothing_and_says_what_it_would() -> None:
    server = ApiServer()
    with structlog.testing.capture_logs() as lines:
        decision = controller(server, dry_run=True).step(BALL)
    assert decision is not None
    assert decision.floor > 30
    assert (server.floor(), server.writes) == (6, [])
    assert [(line["before"], line["now"]) for line in lines if line["event"] == "floor"] == [(6, decision.floor)]


def test_floor_never_leaves_its_bounds() -> None:
    server = ApiServer()
    crowd = Stand(1e9)
    this = controller(server, crowd)
    this.step(BALL)
    assert server.floor() == 200
    crowd.people = 0
    for minute in range(120, 360):
        this.step(BALL + timedelta(minutes=minute))
    assert server.floor() == 6


def test_nothing_is_written_while_nothing_changes() -> None:
    server = ApiServer()
    this = controller(server)
    for minute in (10, 11, 12):
        this.step(TOSS + timedelta(minutes=minute))
    assert [path for _, path, _ in server.writes].count(HPA) == 1


def test_change_by_somebody_else_is_not_overwritten() -> None:
    server = ApiServer()
    this = controller(server)

    def meddle() -> None:
        server.before_write = None
        server.objects[HPA]["spec"]["maxReplicas"] = 20
        server.put(HPA, server.objects[HPA])

    server.before_write = meddle
    assert this.step(BALL) is None
    assert server.floor() == 6
    this.step(BALL + timedelta(seconds=15))
    assert server.floor() == 20


def test_new_process_takes_up_floor_and_largest_crowd() -> None:
    server = ApiServer()
    crowd = Stand(50_000)
    controller(server, crowd).step(BALL + timedelta(minutes=20))
    before = server.floor()
    crowd.people = 20_000
    again = controller(server, crowd)
    decision = again.step(BALL + timedelta(minutes=21))
    assert decision is not None
    assert server.floor() == before
    assert server.objects[HPA]["metadata"]["annotations"]["mela.dev/largest-crowd"] == "50000"


def test_old_counts_leave_the_floor() -> None:
    server = ApiServer()
    crowd = Stand()
    crowd.age_s = 500
    controller(server, crowd).step(BALL)
    assert server.floor() == 6


def test_lead_is_measured_from_raised_floor_to_ready_pods() -> None:
    server = ApiServer()
    this = controller(server)
    this.step(BALL - timedelta(seconds=60))
    server.objects[api_server.DEPLOYMENT]["status"]["readyReplicas"] = server.floor()
    this.step(BALL + timedelta(seconds=40))
    assert this._leads == [100.0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda hpa: hpa["metadata"].pop("annotations"), "has no annotation mela.dev/least"),
        (
            lambda hpa: hpa["metadata"]["annotations"].update({"mela.dev/least": "-1"}),
            "has no annotation mela.dev/least",
        ),
        (lambda hpa: hpa["spec"].pop("metrics"), "has no External metric mela_streaming_viewers"),
        (
            lambda hpa: hpa["spec"]["metrics"][0]["external"]["target"].update({"averageValue": "0"}),
            "has no External metric",
        ),
    ],
    ids=["no least", "least of -1", "no metrics", "target of 0"],
)
def test_hpa_that_does_not_say_enough_is_refused_in_a_sentence(change: Any, says: str) -> None:
    hpa = api_server.hpa()
    hpa["metadata"]["resourceVersion"] = "1"
    change(hpa)
    with pytest.raises(NotUsable, match=says):
        scaler_of(hpa)


def test_missing_hpa_and_dead_api_server_are_told() -> None:
    server = ApiServer()
    with pytest.raises(Refused, match="not found"):
        controller(server, name="nothing").step(BALL)
    server.down = True
    with pytest.raises(Refused, match="does not answer"):
        controller(server).step(BALL)


def test_two_copies_never_act_both() -> None:
    server, clock = ApiServer(), FakeClock(BALL)
    one, two = (Process(controller(server, me=me), clock, every_s=15, lease="sessions-predict") for me in "ab")
    one.turn()
    floor = server.floor()
    two._controller.source = Stand(150_000)
    two.turn()
    assert server.floor() == floor
    assert two.has_looked
    clock.advance(leading.DURATION_S + 1)
    two.turn()
    assert server.floor() > floor


def test_lease_that_another_took_meanwhile_is_theirs() -> None:
    server = ApiServer()
    assert leading.lead(server.api, "streaming", "lease", "a", BALL)
    server.before_write = lambda: server.put(
        "/apis/coordination.k8s.io/v1/namespaces/streaming/leases/lease",
        {"metadata": {"name": "lease"}, "spec": {"holderIdentity": "b", "renewTime": "2026-11-29T14:00:01.000000Z"}},
    )
    assert not leading.lead(server.api, "streaming", "lease", "a", BALL)


def test_process_goes_on_after_a_failure_and_tells_whether_it_turns() -> None:
    server, clock = ApiServer(), FakeClock(BALL)
    process = Process(controller(server), clock, every_s=0, lease="lease")
    server.down = True
    process.stop()
    process.run()
    assert process.is_alive()
    assert not process.has_looked
    assert process.values() is None
    clock.advance(1000)
    assert not process.is_alive()
    server.down = False
    process.turn()
    values = process.values()
    assert values is not None
    assert values.by_name["mela_streaming_viewers"] == 10_000
