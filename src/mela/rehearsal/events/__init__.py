"""National events as dated, sourced data, and the crowd that they bring.

    load(name_or_path)          an event of the library, or one's own YAML or CSV
    names()                     the library
    event.demand(scale, seed)   what the crowd does, second by second

The library lies in `data/`, one file an event. Every figure there is published, derived from what is, or marked as an
assumption; sizes beyond history say what multiple of the record they are.
"""

from pathlib import Path

from mela.rehearsal.events import files, tables
from mela.rehearsal.events.event import Event
from mela.rehearsal.reading import Unusable

DEEPEST_LIKE = 5
"""How many events may be `like` one another, one by one."""


def names() -> tuple[str, ...]:
    """The library's events, in the order of their names."""
    return tuple(sorted(each.name.removesuffix(".yaml") for each in _library().iterdir() if each.suffix == ".yaml"))


def load(name: str, *, depth: int = 0) -> Event:
    """An event by its name in the library, or by the path of a YAML or CSV file.

    Raises: Unusable, with file, line and what to do.
    """
    if depth > DEEPEST_LIKE:
        raise Unusable(name, 0, f"more than {DEEPEST_LIKE} events are like one another; is one like itself?")

    def base(other: str) -> Event:
        return load(other, depth=depth + 1)

    if name in names():
        return files.read(_library() / f"{name}.yaml", base, f"{name}.yaml")
    path = Path(name)
    if path.suffix == ".csv":
        return tables.read(path, base)
    if path.suffix in (".yaml", ".yml"):
        return files.read(path, base)
    raise Unusable(
        name, 0, f"there is no such event; the library has {', '.join(names())}; a file ends in .yaml or .csv"
    )


def _library() -> Path:
    return Path(__file__).parent / "data"
