"""`mela predict`."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from mela.cli import render

if TYPE_CHECKING:
    from mela.cluster.forecast import Shape

RECORDED_EVERY_S = 15


@click.command(
    epilog="Examples:  mela predict --kubeconfig ~/.kube/config --source http://127.0.0.1:3000 --dry-run   ·   "
    "mela predict --namespace streaming --hpa sessions --source http://sessions.streaming:3000"
)
@click.option("--namespace", default="streaming", show_default=True, help="Namespace of the HPA.")
@click.option("--hpa", default="sessions", show_default=True, help="The HPA whose floor (minReplicas) it looks after.")
@click.option("--source", required=True, help="Where the streaming service answers: the crowd and the calendar.")
@click.option("--family", default="match", show_default=True, help="Events of the library that it learns from.")
@click.option(
    "--every", "every_s", type=click.FloatRange(1, 300), default=15.0, show_default=True, help="Seconds between looks."
)
@click.option("--lead", "lead_s", type=click.FloatRange(1, 3600), default=120.0, show_default=True,
              help="Seconds from a decision to ready pods, until it has been measured.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="Health and metrics.")
@click.option(
    "--metrics-api",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the external metrics API, over TLS; 0 for none.",
)
@click.option("--kubeconfig", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Outside of a pod.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--once", is_flag=True, help="Look and decide once, say it, and stop.")
def predict(
    *, namespace: str, hpa: str, source: str, family: str, every_s: float, lead_s: float, port: int, metrics_api: int,
    kubeconfig: Path | None, dry_run: bool, once: bool,
) -> None:  # fmt: skip
    """Lift an autoscaler's floor before the crowd comes, and give it back after.

    It reads who watches and the calendar, learns from how other events went, and patches minReplicas. Rights: get and patch
    that HPA, get its Deployment, create events, and one Lease.
    """
    import signal

    import httpx2

    from mela.kernel import ids, settings
    from mela.kernel.clock import SystemClock
    from mela.kernel.telemetry import logs
    from mela.operator import kube, predicting
    from mela.operator.predict import Controller, NotUsable, Streaming
    from mela.runtime.settings import CannotStart

    logs.configure("auto", "INFO")
    clock = SystemClock()
    try:
        api = kube.of_kubeconfig(kubeconfig) if kubeconfig else kube.in_pod(settings.environment())
    except kube.Refused as error:
        raise CannotStart(
            f"No cluster: {error}.", "Run it in a pod, or name a kubeconfig with --kubeconfig."
        ) from error
    streaming = Streaming(httpx2.Client(timeout=5.0), source)
    controller = Controller(api, streaming, shapes(family), namespace, hpa, ids.new_id("pod"), lead_s, dry_run)
    if once:
        try:
            decision = controller.step(clock.now())
        except (kube.Refused, NotUsable) as error:
            raise CannotStart(f"No decision: {error}.", "Correct it and ask again; nothing was written.") from error
        render.note(
            f"floor {decision.floor}: {decision.reason}" if decision else "somebody else changed the HPA; ask again"
        )
        return
    process = predicting.Process(controller, clock, every_s=every_s, lease=f"{hpa}-predict")
    predicting.in_background(predicting.serve_health(process, port).serve_forever)
    if metrics_api:
        predicting.in_background(predicting.serve_metrics_api(process, clock, metrics_api).serve_forever)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.stop())
    render.note(f"looks after HPA {namespace}/{hpa} each {every_s:g} s{', writing nothing' if dry_run else ''}")
    process.run()


def shapes(family: str) -> "list[Shape]":
    """How the crowd went in the library's events of a family, those that happened. Raises: CannotStart for an unknown one."""
    from mela.cluster.forecast import Shape
    from mela.rehearsal import events
    from mela.runtime.settings import CannotStart

    known = [events.load(name) for name in events.names()]
    found = []
    for event in known:
        if event.family == family and not event.stress and event.main.kind == "level":
            demand = event.demand(happens=())
            moments = {moment.name: float(moment.at_s) for moment in demand.moments if moment.planned}
            found.append(Shape(demand.levels[event.main.name][::RECORDED_EVERY_S], RECORDED_EVERY_S, moments))
    if not found:
        families = sorted({event.family for event in known if event.main.kind == "level"})
        raise CannotStart(
            f"No event of family {family} has a crowd to learn from.", f"Choose one of {', '.join(families)}."
        )
    return found
