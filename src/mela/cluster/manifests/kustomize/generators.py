"""ConfigMaps and Secrets made from files, literals and env files, and the hash that their names end with.

Source: https://github.com/kubernetes-sigs/kustomize/blob/kustomize/v5.7.1/api/hasher/hasher.go (read 2026-11-23).
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mela.cluster.manifests.kustomize.item import Broken, Item
from mela.cluster.objects import Source

Read = Callable[[str], bytes]
_LETTERS = str.maketrans("013ae", "ghkmt")


def generate(kind: str, arguments: Mapping[str, Any], options: Mapping[str, Any], source: Source, read: Read) -> Item:
    """The object that an entry of configMapGenerator or secretGenerator describes. Raises: Broken."""
    options = {**options, **(arguments.get("options") or {})}
    metadata: dict[str, Any] = {"name": str(arguments.get("name", ""))}
    if arguments.get("namespace"):
        metadata["namespace"] = arguments["namespace"]
    metadata |= {key: dict(options[key]) for key in ("labels", "annotations") if options.get(key)}
    data: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    if kind == "Secret":
        data["type"] = arguments.get("type") or "Opaque"
    for key, value in _entries(arguments, read):
        _put(data, key, value)
    item = Item(data, source, None, [metadata["name"]])
    item.is_hashed = not options.get("disableNameSuffixHash")
    return item


def _put(data: dict[str, Any], key: str, value: bytes) -> None:
    """Text goes to `data` of a ConfigMap as it is; everything else as base64."""
    text = None
    if data["kind"] == "ConfigMap":
        with contextlib.suppress(UnicodeDecodeError):
            text = value.decode()
    field = "binaryData" if text is None and data["kind"] == "ConfigMap" else "data"
    data.setdefault(field, {})[key] = base64.b64encode(value).decode() if text is None else text


def _entries(arguments: Mapping[str, Any], read: Read) -> Iterator[tuple[str, bytes]]:
    env = arguments.get("env")
    for name in [*(arguments.get("envs") or ()), *([env] if env else ())]:
        for line in read(str(name)).decode("utf-8-sig").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                key, _, value = line.partition("=")
                yield key.strip(), value.encode()
    for entry in arguments.get("files") or ():
        key, _, path = str(entry).rpartition("=")
        yield key or path.rpartition("/")[2], read(path)
    for entry in arguments.get("literals") or ():
        key, sign, value = str(entry).partition("=")
        if not sign:
            raise Broken(f"the literal {entry!r} has no `=`")
        yield key, value.strip("\"'").encode() if value[:1] == value[-1:] else value.encode()


def suffix(item: Item) -> str:
    """The ten letters that change when the content does. Names do not enter: kustomize hashes an empty one."""
    content: dict[str, Any] = {"kind": item.kind, "name": "", "data": item.data.get("data") or ""}
    if item.kind == "Secret":
        content["type"] = item.data.get("type")
    elif "binaryData" in item.data:
        content["binaryData"] = item.data["binaryData"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for letter, written in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(letter, written)
    return hashlib.sha256(text.encode()).hexdigest()[:10].translate(_LETTERS)
