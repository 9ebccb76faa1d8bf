"""`mela up`, `mela serve`, `mela migrate`, `mela services`."""

import dataclasses
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import render
from mela.runtime import registry

_PATIENCE_S = 120.0
"""Sample data of a service goes in by one unit, however slow the machine is: nobody waits for it."""
_ADDRESS = [
    click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on  [default: 3000]"),
    click.option("--host", help="Address to listen on  [default: 127.0.0.1]"),
    click.option(
        "--data", type=click.Path(path_type=Path, file_okay=False), help="Folder for databases  [default: mela-data]"
    ),
]


def _address(command: Any) -> Any:
    for option in reversed(_ADDRESS):
        command = option(command)
    return command


@click.command(epilog="Examples:  mela up   ·   mela up --port 3100 --data /tmp/mela   ·   MELA_LOG=json mela up")
@_address
def up(port: int | None, host: str | None, data: Path | None) -> None:
    """Run the whole platform in one process: every service, the simulated gateway and the simulated phones.

    Databases are made and migrated, sample data is loaded when it is missing. Ctrl-C finishes what is under way and stops.
    """
    began = time.monotonic()
    settings = _settings(port=port, host=host, data=data)

    def started(loaded: dict[str, int]) -> None:
        _welcome(settings, loaded, time.monotonic() - began)

    _run(settings, list(registry.ENTRIES), samples=True, started=started)


@click.command(epilog="Example:  MELA_PEERS=catalog=http://catalog:3000 mela serve orders")
@click.argument("names", nargs=-1, required=True, metavar="NAME…", type=click.Choice(list(registry.ENTRIES)))
@_address
@click.option("--samples", is_flag=True, help="Load the sample data first.")
def serve(names: tuple[str, ...], port: int | None, host: str | None, data: Path | None, samples: bool) -> None:
    """Run one service, or a few, as a pod does. Where the others are is said by MELA_PEERS."""
    settings = _settings(port=port, host=host, data=data)

    def started(_loaded: dict[str, int]) -> None:
        render.note(f"{', '.join(names)} at {settings.own_url}")

    _run(settings, list(names), samples=samples, started=started)


@click.command(epilog="Examples:  mela migrate orders --wait 60   ·   mela migrate catalog settlement --samples")
@click.argument("names", nargs=-1, required=True, metavar="NAME…", type=click.Choice(list(registry.ENTRIES)))
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0), default=0.0, help="Seconds to wait for the database server."
)
@click.option("--samples", is_flag=True, help="Load the sample data too, where it is missing.")
def migrate(names: tuple[str, ...], wait_s: float, samples: bool) -> None:
    """Bring databases to this version's schema, and stop: what a pod does before it serves.

    Any number of them may run at once: one works, the others wait for it.
    """
    from mela.kernel.telemetry import logs
    from mela.runtime.migrating import migrate_all

    settings = _settings()
    logs.configure(settings.log, settings.log_level, for_good=True)
    for name, changed in migrate_all(list(names), settings, wait_s=wait_s, waiting=render.note):
        render.note(f"{name}: {'migrated' if changed else 'nothing to migrate'}")
    if samples:
        loaded = load_samples(names, settings)
        render.note(f"sample data: {', '.join(f'{name} {count}' for name, count in loaded.items()) or 'none'}")


def load_samples(names: Iterable[str], settings: Any) -> dict[str, int]:
    """Put the sample data of these services in where it is missing; how many records by service."""
    import asyncio

    from mela.runtime.platform import Platform

    async def work() -> dict[str, int]:
        platform = Platform(list(names), dataclasses.replace(settings, unit_s=max(settings.unit_s, _PATIENCE_S)))
        platform.open()
        try:
            return await platform.load_samples()
        finally:
            await platform.close()

    settings.data.mkdir(parents=True, exist_ok=True)
    return asyncio.run(work())


@click.command(epilog="Examples:  mela services   ·   mela services --json | jq -r '.[] | .name'")
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def services(for_script: bool) -> None:
    """List the services, what they call and whose events they hear."""
    if for_script:
        render.as_json([dataclasses.asdict(entry) for entry in registry.ENTRIES.values()])
        return
    rows = [(e.name, e.about, " ".join(e.uses) or "–", " ".join(e.hears) or "–") for e in registry.ENTRIES.values()]
    render.table("Services", ("name", "what it does", "calls", "hears"), rows)


def _settings(**given: Any) -> Any:
    """Settings from `MELA_*`, options of the command line first."""
    from mela.kernel import settings
    from mela.runtime.settings import PlatformSettings

    prefixes = tuple(f"MELA_{name.upper()}_" for name in (*registry.ENTRIES, "web"))
    own = {k: v for k, v in settings.environment().items() if not k.startswith(prefixes)}
    own |= {f"MELA_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    return settings.read(PlatformSettings, "MELA", own)


def _run(settings: Any, names: list[str], *, samples: bool, started: Callable[[dict[str, int]], None]) -> None:
    from mela.kernel.telemetry import logs, tracing
    from mela.runtime import serving

    logs.configure(settings.log, settings.log_level, for_good=True)
    if settings.otlp:
        tracing.enable(names[0] if len(names) == 1 else "mela", endpoint=settings.otlp, share=settings.trace_share)
    serving.run(settings, names, samples=samples, started=started)


def _welcome(settings: Any, loaded: dict[str, int], seconds: float) -> None:
    url = settings.own_url
    render.line(f"Mela is up at {url} after {seconds:.1f} s. Data in {settings.data}. Ctrl-C stops it.")
    render.line("")
    render.table(
        "What runs", ("where", "what"),
        [
            (f"{url}/docs", "the API, to read and to try"),
            *((f"{url}/api/{e.name}", e.about) for e in registry.ENTRIES.values() if not e.simulator),
            *((f"{url}/sim/{e.name}", e.about) for e in registry.ENTRIES.values() if e.simulator),
            (f"{url}/readyz  /livez  /metrics", "for probes and Prometheus"),
        ],
    )  # fmt: skip
    mela = _typed()
    at = "" if settings.port == 3000 else f" --url {url}"
    kept = "" if settings.data == Path("mela-data") else f" --data {settings.data}"
    render.line("")
    render.table(
        "Try first, in another terminal", ("command", "what happens"),
        [
            (f"{mela} buy atta{at}", "a whole purchase, told step by step"),
            (f"{mela} buy घी --language hi{at}", "the same in Hindi"),
            (f"curl '{url}/api/catalog/products?q=smrtphone'", "a search that forgives"),
            (f"{mela} settle --next{at}{kept}", "pay the sellers what today's sales earn"),
            (f"{mela} doctor{at}{kept}", "what is installed, what answers"),
        ],
    )  # fmt: skip
    if sum(loaded.values()):
        render.note(f"sample data: {', '.join(f'{name} {count}' for name, count in loaded.items())}")


def _typed() -> str:
    """How one types `mela` here: by its name where a shell finds it, else by its path from this folder."""
    program = Path(sys.argv[0])
    if shutil.which(program.name):
        return program.name
    return str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program)
