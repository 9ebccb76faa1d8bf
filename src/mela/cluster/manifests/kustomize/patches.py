"""Patches: strategic merge, with the merge keys of Kubernetes' schemas, and JSON patch (RFC 6902).

Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md and
https://www.rfc-editor.org/rfc/rfc6902 (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from mela.cluster.manifests.kustomize.item import Broken
from mela.cluster.objects import NEWEST, Path

Type = tuple[str, str]
"""apiVersion and kind, which say how lists merge."""


def merge(target: dict[str, Any], patch: Mapping[str, Any], type_: Type, path: Path = ()) -> dict[str, Any]:
    """`target` with `patch` laid over it: null removes, lists with a merge key merge item by item."""
    if patch.get("$patch") == "replace":
        return {key: _clean(value) for key, value in patch.items() if key != "$patch"}
    result = dict(target)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            if value.get("$patch") == "delete":
                result.pop(key, None)
                continue
            below = result.get(key)
            result[key] = merge(below if isinstance(below, dict) else {}, value, type_, (*path, key))
        elif isinstance(value, list):
            result[key] = _merge_list(result.get(key), value, type_, (*path, key))
        else:
            result[key] = value
    return result


def _merge_list(target: Any, patch: list[Any], type_: Type, path: Path) -> list[Any]:
    """Items of the patch come first, in its order, as kustomize puts them."""
    from mela.cluster.schemas import published  # with a validator of its own, which most readers of files never need

    replaces = any(isinstance(item, Mapping) and item.get("$patch") == "replace" for item in patch)
    key = published.merge_key(NEWEST, *type_, path)
    plain = [item for item in patch if not (isinstance(item, Mapping) and set(item) == {"$patch"})]
    if key is None or replaces or not isinstance(target, list) or not all(isinstance(item, Mapping) for item in plain):
        return [_clean(item) for item in plain]
    first = []
    for item in plain:
        old = next((old for old in target if _is(old, key, item.get(key))), None)
        if item.get("$patch") != "delete":
            first.append(_clean(item) if old is None else merge(old, item, type_, (*path, 0)))
    return first + [old for old in target if not any(_is(old, key, item.get(key)) for item in plain)]


def _is(item: Any, key: str, value: Any) -> bool:
    return isinstance(item, Mapping) and item.get(key) == value


def _clean(value: Any) -> Any:
    """A new value without directives and nulls."""
    if isinstance(value, Mapping):
        return {key: _clean(child) for key, child in value.items() if not key.startswith("$") and child is not None}
    return [_clean(child) for child in value] if isinstance(value, list) else value


def apply(target: dict[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`target` after the operations of a JSON patch. Raises: Broken."""
    result: Any = deepcopy(target)
    for operation in operations:
        kind, path = operation.get("op"), operation.get("path")
        if not isinstance(path, str) or kind not in OPERATIONS:
            raise Broken(f"{operation!r} is no JSON patch operation")
        try:
            result = OPERATIONS[kind](result, _steps(path), operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Broken(f"JSON patch cannot {kind} {path}: nothing stands there") from error
    if not isinstance(result, dict):
        raise Broken("a JSON patch left no object")
    return result


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _parent(value: Any, steps: list[str]) -> Any:
    for step in steps[:-1]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _get(value: Any, steps: list[str]) -> Any:
    parent = _parent(value, steps)
    return parent[int(steps[-1])] if isinstance(parent, list) else parent[steps[-1]]


def _put(value: Any, steps: list[str], new: Any, *, over: bool) -> Any:
    if not steps:
        return new
    parent, last = _parent(value, steps), steps[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else int(last)
        if not 0 <= index <= len(parent) - over:
            raise IndexError(index)
        parent[index : index + over] = [new]
    elif over and last not in parent:
        raise KeyError(last)
    else:
        parent[last] = new
    return value


def _remove(value: Any, steps: list[str], _operation: Mapping[str, Any]) -> Any:
    parent = _parent(value, steps)
    del parent[int(steps[-1]) if isinstance(parent, list) else steps[-1]]
    return value


def _test(value: Any, steps: list[str], operation: Mapping[str, Any]) -> Any:
    if _get(value, steps) != operation.get("value"):
        raise ValueError("test failed")
    return value


def _copy(value: Any, steps: list[str], operation: Mapping[str, Any]) -> Any:
    return _put(value, steps, deepcopy(_get(value, _steps(str(operation["from"])))), over=False)


def _move(value: Any, steps: list[str], operation: Mapping[str, Any]) -> Any:
    source = _steps(str(operation["from"]))
    moved = _get(value, source)
    return _put(_remove(value, source, operation), steps, moved, over=False)


OPERATIONS = {
    "add": lambda value, steps, operation: _put(value, steps, operation["value"], over=False),
    "replace": lambda value, steps, operation: _put(value, steps, operation["value"], over=True),
    "remove": _remove,
    "test": _test,
    "copy": _copy,
    "move": _move,
}
