"""What the runtime reads of streaming."""

from pathlib import Path

from mela.kernel import tables
from mela.kernel.service import Context, Job, Parts, Service
from mela.services.streaming import routes, rules
from mela.services.streaming.service import Streaming
from mela.services.streaming.settings import StreamingSettings

_DATA = Path(__file__).parent / "data"


def build(context: Context[StreamingSettings]) -> Parts:
    """Put the service together."""
    matches = rules.matches(tables.read(_DATA / "matches.yaml"))
    ladder = rules.ladder(tables.read(_DATA / "qualities.yaml"))
    streaming = Streaming(context.shards or (context.db,), context.clock, matches, ladder, context.settings)
    return Parts(
        implementation=streaming,
        router=routes.router(streaming, context.settings),
        lanes=[routes.lane(streaming, context.settings)],
        jobs=[Job("count", 2.0, streaming.count), Job("forget", 600.0, streaming.forget)],
        close=streaming.close,
    )


SERVICE = Service(
    name="streaming",
    settings=StreamingSettings,
    build=build,
    migrations="mela.services.streaming.migrations",
    messages=_DATA / "messages.yaml",
    sharded=True,
)
