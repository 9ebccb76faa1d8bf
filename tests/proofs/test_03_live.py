"""System 03 whole on a cluster: `mela predict`, as the manifest deploys it, lifts the floor before the crowd, and the real autoscaler follows."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.proofs.kube import agreement, live, picture, pretend
from tests.proofs.kube.kubectl import need_cluster
from tests.proofs.kube.results import keep
from tests.proofs.kube.viewers import Viewers
from tests.proofs.kube.watching import Watching

pytestmark = pytest.mark.cluster
BRING_UP_S = 120
"""So long may it take until all of the manifest runs."""
BEFORE_S, RISE_S, AFTER_S = 120, 60, 120
"""How long the match goes on before the toss, within which time people come at it, and how long is looked at in all after it."""
FIRST_BALL = timedelta(minutes=4)
"""After the toss, instead of half an hour: the controller lays other matches over this one moment upon moment, so theirs go by as fast."""
SEATED, ALL = 60, 110
SEATED_S = 10
"""So long do those who are there from the beginning take to sit down."""


def crowd(second: float) -> float:
    """Viewers, so many seconds after the beginning: some are there, the others come within a minute of the toss."""
    return float(np.interp(second, [BEFORE_S, BEFORE_S + RISE_S], [SEATED, ALL]))


def test_the_floor_is_lifted_before_the_toss_and_capacity_is_ready_when_the_crowd_comes() -> None:
    kubectl, now = need_cluster(), datetime.now(UTC)
    toss = now + timedelta(seconds=BRING_UP_S + BEFORE_S)
    began, ticks = toss.timestamp() - BEFORE_S, BEFORE_S + AFTER_S
    moments = {"toss": toss, "first-ball": toss + FIRST_BALL}
    items = live.objects(kubectl, now - timedelta(hours=1), now + timedelta(hours=6), moments)
    records = agreement.Records([live.NAMESPACE])
    with (
        Watching(kubectl.config, agreement.WATCHED, f"{pretend.MARK}=live", records.heard) as watching,
        live.up(kubectl, items) as streaming,
    ):
        with Viewers(live.doors(kubectl), live.MATCH, lambda: crowd(time.time() - began)) as viewers:
            time.sleep(SEATED_S)
            live.look(streaming)
            assert time.time() < began, f"the manifest was not whole within {BRING_UP_S} s"
            time.sleep(began + ticks - time.time())
        said = [each["message"] for each in streaming.items("events") if each["reason"] == "FloorRaised"]
    record = records.of[live.NAMESPACE]
    floor, desired, ready = (
        agreement.by_tick(each, began, ticks) for each in (record.floor, record.desired, record.ready)
    )
    wanted = np.array([crowd(t) for t in range(ticks)])
    needed = -(-ALL // live.PER_POD)
    lifted_s, there_s = (int(np.argmax(each >= needed)) for each in (floor, ready))
    print(
        f"floor {needed} {BEFORE_S - lifted_s} s before the toss, so many ready {BEFORE_S - there_s} s before it;",
        *said,
        sep="\n",
    )
    panels = [
        picture.Panel("Viewers that the ready pods are meant for, and those who watch", {"seen": ready * live.PER_POD, "asked": wanted}),
        picture.Panel("Replicas, and the floor that `mela predict` sets (asked)", {"seen": desired, "asked": floor}),
    ]  # fmt: skip
    title = "A floor lifted before the toss, on a real cluster"
    keep(
        "live.svg",
        picture.svg(title, f"{toss:%Y-%m-%d %H:%M} UTC, toss after {BEFORE_S // 60} min", np.arange(ticks), panels),
    )
    assert not watching.broken
    assert not viewers.problems
    assert any("toss in" in each for each in said)
    assert floor[BEFORE_S] >= needed
    late = [t for t in range(agreement.SYNC_S + 2, ticks) if desired[t] < floor[t - agreement.SYNC_S - 2 : t + 1].min()]
    assert not late, "the autoscaler did not follow the floor within a sync"
    assert (ready * live.PER_POD >= wanted)[BEFORE_S:].all()
