"""Sound manifests with changes, and what validation finds in them, in short."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from mela.cluster.admission import validation

RULES = Path(__file__).parent / "rules"
BASES = yaml.safe_load((RULES / "bases.yaml").read_text())


def manifest(kind: str, place: str, change: Any) -> Any:
    """The sound object of `bases.yaml`, changed at a place such as `spec.containers[0]`; an empty place is the top."""
    for step in reversed(place.replace("[", ".").replace("]", "").split(".") if place else []):
        change = {int(step) if step.isdigit() else step: change}
    return _changed(deepcopy(BASES[kind]), change)


def findings(kind: str, thing: Any, **options: Any) -> list[str]:
    """Each error as its type and field, sorted."""
    result = validation.validate(yaml.safe_dump(thing, allow_unicode=True), kind, **options)
    if result.undecodable:
        return ["Undecodable manifest"]
    return sorted(f"{error.type.removeprefix('FieldValue')} {error.field}" for error in result.errors)


def below(place: str, errors: list[str]) -> list[str]:
    """Errors as `findings` tells them: paths that are empty or begin with a dot or bracket go on from the place."""
    parts = [error.partition(" ") for error in errors]
    return sorted(f"{type_} {path if path and path[0] not in '.[' else place + path}" for type_, _, path in parts)


def _changed(base: Any, change: Any) -> Any:
    """Maps join; whole numbers as keys are places in a list; anything else replaces what was there."""
    if isinstance(base, list) and isinstance(change, dict):
        return [_changed(each, change.get(index, {})) for index, each in enumerate(base)]
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{key: _changed(base.get(key), value) for key, value in change.items()}}
    return change
