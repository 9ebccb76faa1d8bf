"""`mela keys`."""

from pathlib import Path

import rich_click as click

from mela.cli import render


@click.group()
def keys() -> None:
    """Secrets of a cluster."""


@keys.command(epilog="Example:  mela keys fill /plan/keys.yaml --wait 300")
@click.argument("plan", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0), default=0.0, help="Seconds to wait for Secrets that others declare."
)
def fill(plan: Path, wait_s: float) -> None:
    """Fill the Secrets of a PLAN where they are empty; what is there stays. Runs in a pod, as the Job `keys` of a manifest."""
    import yaml

    from mela.kernel import settings
    from mela.runtime import keys as filling
    from mela.runtime.settings import CannotStart

    try:
        rows = filling.parse(yaml.safe_load(plan.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise CannotStart(
            f"The plan {plan} cannot be followed: {error}.", "Correct it; nothing was written."
        ) from error
    written = filling.fill_in_time(rows, filling.in_pod(settings.environment()), wait_s=wait_s, waiting=render.note)
    for slot in written:
        render.note(f"filled {slot}")
    render.note(f"{len(rows) - len(written)} of {len(rows)} were there already")
