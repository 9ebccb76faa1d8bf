"""`mela keys`."""

from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import render


@click.group()
def keys() -> None:
    """Keys of personal data: which there are, and new ones while all runs. Secrets of a cluster."""


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


DATA = click.option("--data", type=click.Path(path_type=Path), help="Folder of the data  [default: mela-data]")
NAMES = click.argument("names", nargs=-1, metavar="[SERVICE…]")


@keys.command(name="list", epilog="Examples:  mela keys list   ·   mela keys list accounts orders --json")
@NAMES
@DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def list_(names: tuple[str, ...], data: Path | None, for_script: bool) -> None:
    """Keys by service, newest first: how many values each has sealed, or hashed to be found by. Reads the databases themselves."""
    from mela.runtime import sealing

    settings = _settings(data)
    found = [row for name in sealing.check(names) for row in sealing.keys_of(name, settings)]
    if for_script:
        render.as_json(found)
        return
    heads = ("service", "key", "made (India)", "wrapped by", "values")
    render.table("Keys of personal data", heads, [_row(row) for row in found])


@keys.command(
    epilog="Examples:  mela keys rotate   ·   mela keys rotate accounts --data-only   ·   mela keys rotate --leave"
)
@NAMES
@DATA
@click.option("--data-only", is_flag=True, help="Keep the key-encryption key: where its holder rotates it by itself.")
@click.option("--leave", is_flag=True, help="Make the new keys, and leave the rest to the services that run.")
def rotate(names: tuple[str, ...], data: Path | None, data_only: bool, leave: bool) -> None:
    """Make new keys; seal everything anew, and hash what is searched by, while services read and write.

    New are the key-encryption key, the data keys, and the index keys by whose hashes phones and browsers are found. Old data and index
    keys are destroyed half a minute after nothing lies under them. May be broken off at any time: everything stays readable and is
    found, services that run go on with it, and so does `mela keys resume`.
    """
    from mela.runtime import sealing

    settings = _settings(data)
    chosen = sealing.check(names)
    if not data_only:
        sealing.rotate_provider(settings)
        render.note("a new key-encryption key wraps from now on")
    for name in chosen:
        render.note(f"{name}: key {sealing.begin(name, settings)} seals from now on; the old ones still open and find")
    if not leave:
        _seal(chosen, settings)


@keys.command(epilog="Example:  mela keys resume")
@NAMES
@DATA
def resume(names: tuple[str, ...], data: Path | None) -> None:
    """Go on with a rotation that was broken off, up to the last row."""
    from mela.runtime import sealing

    _seal(sealing.check(names), _settings(data))


@keys.command(epilog="Example:  mela keys make /etc/mela/keys.json")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def make(file: Path) -> None:
    """Make a FILE with a key-encryption key where there is none, readable by its owner only; prints its URL for MELA_KEYS."""
    from mela.kernel.sealed.files import make_file

    render.line(make_file(file))


def _seal(names: list[str], settings: Any) -> None:
    from mela.runtime import sealing

    with render.stages() as stages:
        for name in names:
            shown: dict[str, Any] = {}

            def hear(table: str, done: int, total: int, name: str = name, shown: dict[str, Any] = shown) -> None:
                if table not in shown:
                    shown[table] = stages.begin(f"{name}: {table}")
                shown[table](done, total)

            sealing.seal_all(name, settings, hear)
            render.note(f"{name}: nothing is sealed or found under an older key any more")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    values = " · ".join(f"{table} {count}" for table, count in row["values"].items())
    if row["key"] == "plain":
        return row["service"], "none", "–", "–", f"{values}: plain, until the service has sealed them"
    newest = "the newest key" if row["newest_kek"] else "an older key"
    key = f"{row['purpose']} {row['key']}"
    return row["service"], key, render.india(row["created"]), newest, values


def _settings(data: Path | None) -> Any:
    from mela.cli.platform import _settings as read

    return read(data=data)
