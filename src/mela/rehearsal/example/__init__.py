"""Small systems with manifests and call graphs, so that `mela rehearse` shows something at once.

A match with an event of its own, and one each for the families of events for which Mela has no manifests of its own:
Tatkal, food, rides. They illustrate; every figure in them is an assumption and says so.
"""

from pathlib import Path

_HERE = Path(__file__).parent
MANIFESTS = str(_HERE / "manifests.yaml")
EVENT = str(_HERE / "event.yaml")
CALLS = str(_HERE / "calls.yaml")


def is_one(path: str) -> bool:
    """It is the manifests of an example."""
    return Path(path).is_relative_to(_HERE)


def of(family: str) -> tuple[str, str] | None:
    """Manifests and call graph of the example for a family of events; None where there is none."""
    folder = _HERE if family == "match" else _HERE / family
    files = folder / "manifests.yaml", folder / "calls.yaml"
    return (str(files[0]), str(files[1])) if all(each.exists() for each in files) else None
