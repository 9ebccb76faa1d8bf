"""Our own objects, sound and broken on purpose: what `mela verify` says to each, beside what the API server said.

`variants.yaml` says what is broken, `verdicts.yaml` what a real API server answered to `kubectl apply --dry-run=server`.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mela.cluster import checks, manifests
from mela.cluster.checks import Finding
from mela.cluster.objects import System
from mela.verify import run

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "kubernetes").rglob("*.yaml"))
VERDICTS = Path(__file__).parent / "verdicts.yaml"
SCRATCH = "agreement"
"""Namespace of all variants, so that nothing that runs is asked about; cluster-wide objects get the word behind their name."""
LOOKS_AT_ONE = ("reading", "schema")
"""Families of rules that judge an object by itself, as the API server does. The others know what will happen later."""
_CLUSTER_WIDE = ("Namespace", "PriorityClass")


@dataclass(frozen=True)
class Variant:
    """One text for the API server. `change` is empty for a sound object."""

    object: str
    change: str
    text: str
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.object} {self.change}".strip()


@cache
def sound() -> Mapping[str, Any]:
    """Each object of `kubernetes/` by kind, namespace and name, in the files' order."""
    found: dict[str, Any] = {}
    for file in FILES:
        for thing in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if thing and "kind" in thing and thing["kind"] != "Kustomization" and "overlays" not in file.parts:
                place = [thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]]
                found["/".join(part for part in place if part)] = thing
    return found


def variants() -> Iterator[Variant]:
    """The sound ones, then the broken ones."""
    for name, thing in sound().items():
        yield Variant(name, "", _written(thing))
    for row in yaml.safe_load((Path(__file__).parent / "variants.yaml").read_text(encoding="utf-8")):
        thing = _placed(deepcopy(sound()[row["of"]]))
        if "text" in row:
            old, new = row["text"]
            text = yaml.safe_dump(thing, sort_keys=False, allow_unicode=True)
            assert old in text, row
            yield Variant(row["of"], f"text {new!r}", text.replace(old, new, 1), row.get("why", ""))
            continue
        path = [part.replace("\0", ".") for part in row["at"].replace("\\.", "\0").split(".")]
        _change(thing, path, row)
        told = "removed" if row.get("remove") else f"= {row['put']!r}"
        text = yaml.safe_dump(thing, sort_keys=False, allow_unicode=True)
        yield Variant(row["of"], f"{'.'.join(path)} {told}", text, row.get("why", ""))


def _placed(thing: Any) -> Any:
    if thing["kind"] == "APIService":
        return thing  # its name is what it serves
    if thing["kind"] in _CLUSTER_WIDE:
        thing["metadata"]["name"] += f"-{SCRATCH}"
    else:
        thing["metadata"]["namespace"] = SCRATCH
    return thing


def _written(thing: Any) -> str:
    return yaml.safe_dump(_placed(deepcopy(thing)), sort_keys=False, allow_unicode=True)


def _change(thing: Any, path: list[str], row: Mapping[str, Any]) -> None:
    for part in path[:-1]:
        thing = thing[int(part)] if isinstance(thing, list) else thing.setdefault(part, {})
    last: Any = int(path[-1]) if isinstance(thing, list) else path[-1]
    if row.get("remove"):
        del thing[last]
    else:
        thing[last] = row["put"]


@cache
def refusals(text: str) -> list[Finding]:
    """What `mela verify` finds in the object by itself, errors only: reasons to refuse it."""
    rules = [rule for rule in checks.every() if rule.family in LOOKS_AT_ONE]
    return [found for found in run.check([_system(text)], rules).findings if found.severity == "error"]


def _system(text: str) -> System:
    return manifests.parse(text, "variant.yaml")


@cache
def recorded() -> Mapping[str, str]:
    """What the API server answered, by the variant's name; empty where it accepted. The versions stand under `server`."""
    found: dict[str, str] = yaml.safe_load(VERDICTS.read_text(encoding="utf-8"))["answers"]
    return found


def server() -> str:
    """Version of the API server whose answers are recorded."""
    return str(yaml.safe_load(VERDICTS.read_text(encoding="utf-8"))["server"])
