"""`mela data`."""

from pathlib import Path

import rich_click as click

from mela.cli import render


@click.group()
def data() -> None:
    """Sample data."""


@data.command(epilog="Example:  mela data load --data /tmp/mela")
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for databases  [default: mela-data]",
)
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def load(folder: Path | None, for_script: bool) -> None:
    """Put the sample products, sellers and accounts into the databases; what is there stays.

    The platform need not run; where it runs, it sees the change at once.
    """
    from mela.cli.platform import _settings, load_samples
    from mela.runtime import registry

    settings = _settings(data=folder)
    with render.err.status("loading"):
        loaded = load_samples(registry.ENTRIES, settings)
    if for_script:
        render.as_json(loaded)
    else:
        render.table("Loaded", ("service", "records"), sorted(loaded.items()))
