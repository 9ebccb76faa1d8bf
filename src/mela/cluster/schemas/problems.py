"""One object against its schema and, for kinds that upstream's rules are known for, against those rules.

JSON Schema finds unknown fields and wrong types; `admission.validation` then finds what the API server refuses beyond.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

import jsonschema_rs
from rapidfuzz import fuzz, process

from mela.cluster.admission import validation
from mela.cluster.admission.validation.kinds import KINDS
from mela.cluster.admission.validation.objects import Decoder
from mela.cluster.documents import Undecodable
from mela.cluster.objects import Object, Path, dig
from mela.cluster.schemas import custom, published
from mela.cluster.schemas.paths import locate, spell

About: TypeAlias = Literal["unknown-field", "wrong-type", "missing-field", "invalid-field"]
Custom = Mapping[tuple[str, str], custom.Definition]

MOST = 100
"""Problems of one object that are told."""
NEAR = 70
"""How alike two names must be, of 100, for one to be the misspelling of the other."""
FIRST_NODE_PORT = 30000
"""Source: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport (2026-11-26)."""
_WORDS = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a map",
}  # fmt: skip
_LATER = re.compile(r"\{\{|\$\{|\(@=|^<[^<>]+>$|^ENC\[|^REDACTED$")
"""In values that something else fills in before they are applied: Helm, Flux and envsubst, ytt, a person, SOPS."""
_SAID = re.compile(r"(?P<path>\S*?)(?: (?=must be |is not |is no )|: )(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    about: About
    path: Path
    says: str
    mend: str = ""


def find(thing: Object, version: str, customs: Custom) -> Iterator[Problem]:
    """What is wrong with the object's fields; nothing where its kind has no schema, or SOPS has encrypted it.

    Source: https://getsops.io/docs/#encrypting-only-parts-of-a-file (2026-11-26)."""
    if isinstance(dig(thing.data, "sops", "mac"), str):
        return
    key = thing.api_version, thing.kind
    validator = published.validator(version, *key) or (customs[key].validator if key in customs else None)
    if validator is None:
        return
    found = [] if validator.is_valid(thing.data) else list(islice(_typed(thing, validator, version, customs), MOST))
    rules = KINDS.get(thing.kind)
    if rules is None or thing.api_version != f"{rules.group}/{rules.version}".removeprefix("/"):
        yield from found
        yield from _nameless(thing)
    elif any(problem.about == "wrong-type" for problem in found):
        yield from found
    else:
        yield from (problem for problem in found if problem.about == "unknown-field")
        yield from islice(_validated(thing), MOST)


def _typed(
    thing: Object, validator: jsonschema_rs.Draft202012Validator, version: str, customs: Custom
) -> Iterator[Problem]:
    """What JSON Schema finds."""
    for error in validator.iter_errors(thing.data):
        path = tuple(error.instance_path)
        told = error.kind.as_dict()
        if error.kind.name == "additionalProperties":
            for name in told["unexpected"]:
                yield _unknown(thing, (*path, name), version, customs)
        elif error.kind.name == "required":
            yield _missing((*path, str(told["property"])))
        elif error.instance is None:
            yield from [_missing(path)] if error.kind.name == "type" else []
        elif error.kind.name in ("type", "oneOf") and not (error.kind.name == "oneOf" and _is_custom(thing, customs)):
            yield _wrong(thing, path, error.instance, _wanted(told))
        else:
            yield Problem(
                "invalid-field", path, f"`{spell(path)}`: {error.message}.", "Give it a value that its schema allows."
            )


def _is_custom(thing: Object, customs: Custom) -> bool:
    return (thing.api_version, thing.kind) in customs


def _wanted(told: Mapping[str, Any]) -> list[str]:
    """The types that may stand there. Only quantities and ports-or-names know alternatives, of text and numbers."""
    types = told.get("types") or ["string", "number"]
    return [type_ for type_ in types if type_ != "null"]


def _missing(path: Path) -> Problem:
    return Problem("missing-field", path, f"`{spell(path)}` is missing.", f"Add `{path[-1]}`." if path else "")


def _nameless(thing: Object) -> Iterator[Problem]:
    if not thing.name and not thing.kind.endswith("Review"):
        yield _missing(("metadata", "name"))


# ---- fields that no type has


def _unknown(thing: Object, path: Path, version: str, customs: Custom) -> Problem:
    name, above = str(path[-1]), path[:-1]
    says = f"There is no field `{name}` in `{spell(above)}`." if above else f"{thing.kind} has no field `{name}`."
    return Problem(
        "unknown-field", path, says, _instead(name, above, lambda at: _properties(thing, at, version, customs), thing)
    )


def _instead(name: str, above: Path, fields: Callable[[Path], tuple[str, ...]], thing: Object) -> str:
    """The place that the name belongs to, or a field of nearly that name."""
    known = fields(above)
    if name in ("true", "false"):
        return "YAML reads the keys on, off, yes, no, y and n as truth values: put the key in quotes."
    for depth in range(len(above) - 1, -1, -1):
        if name in fields(above[:depth]):
            return f"It belongs further up, in `{spell(above[:depth])}`: check the indentation."
    for child in known:
        if name in fields((*above, child)) or name in fields((*above, child, 0)):
            return f"It belongs further down, in `{spell((*above, child))}`: check the indentation."
    if close := process.extractOne(name, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=NEAR):
        return f"Did you mean `{close[0]}`?"
    explained = ".".join((thing.kind.lower(), *(step for step in above if isinstance(step, str))))
    return f"Remove it; `kubectl explain {explained}` lists the fields."


def _properties(thing: Object, path: Path, version: str, customs: Custom) -> tuple[str, ...]:
    key = thing.api_version, thing.kind
    return customs[key].properties(path) if key in customs else published.properties(version, *key, path)


# ---- values of another type


def _wrong(thing: Object, path: Path, value: Any, wanted: list[str]) -> Problem:
    words = " or ".join(_WORDS.get(type_, type_) for type_ in wanted)
    written = thing.written(path)
    says = f"`{spell(path)}` must be {words}, and {_reading(written, value)}."
    if "string" in wanted and not isinstance(value, dict | list):
        return Problem("wrong-type", path, says, f'Put it in quotes: "{written or value}".')
    if isinstance(value, str) and value.lstrip("-").isdecimal() and "integer" in wanted:
        return Problem("wrong-type", path, says, f"Write it without quotes: {value}.")
    return Problem("wrong-type", path, says, f"Write {words} here.")


def _reading(written: str, value: Any) -> str:
    """How YAML understood a scalar that means something else to people."""
    if isinstance(value, bool) and written.lower() not in ("true", "false", ""):
        return f"YAML reads {written} as {str(value).lower()}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        octal = re.fullmatch(r"[-+]?0[0-7_]+", written)
        if octal:
            return f"YAML reads {written} as an octal number, {value}"
        return (
            f"YAML reads {written} as the number {value:g}"
            if written not in ("", str(value))
            else f"{value} is a number"
        )
    kinds = {bool: f"{str(value).lower()} is a truth value", str: f'"{value}" is text', list: "a list stands there"}
    return kinds.get(type(value), "a map stands there")


# ---- upstream's own rules


def _validated(thing: Object) -> Iterator[Problem]:
    try:
        decoded = Decoder().decode(thing.kind, thing.data)
    except Undecodable as error:
        yield _undecodable(thing, str(error))
        return
    _as_stored(decoded, thing.kind)
    # Whether privileged containers are allowed is the cluster's choice, and a rule of its own.
    for wrong in validation.check(decoded, thing.kind, allow_privileged=True):
        field = wrong.field.removesuffix("[]") or "the object"  # upstream's name of the whole
        path = locate(thing.data, wrong.field.removesuffix("[]"))
        if _comes_later(wrong.value) or (path and _comes_later(dig(thing.data, *path))):
            continue
        detail = wrong.detail or _PLAIN.get(wrong.type, "is refused")
        if wrong.type == "FieldValueRequired":
            yield Problem("missing-field", path, f"`{field}` {_sentence(detail)}", "Add it.")
        else:
            value = f" (it is {wrong.value!r})" if wrong.value not in (None, "") else ""
            yield Problem("invalid-field", path, f"`{field}`: {_sentence(detail + value)}")


def _comes_later(value: Any) -> bool:
    """Is the value, or one inside it, a placeholder? Nobody knows yet what will stand there."""
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return bool(_LATER.search(value)) if isinstance(value, str) else any(_comes_later(each) for each in inside)


def _as_stored(decoded: dict[str, Any], kind: str) -> None:
    """What the API server fills in before it validates a Service: `clusterIPs` from its `clusterIP`, and a free port for
    the health checks of a load balancer that keeps traffic local.

    Source: normalizeClusterIPs and allocHealthCheckNodePort in
    https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/registry/core/service/storage/storage.go and alloc.go
    """
    spec = decoded.get("spec")
    if kind != "Service" or not spec:
        return
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    if (spec.get("type"), spec.get("externalTrafficPolicy")) == ("LoadBalancer", "Local"):
        spec["healthCheckNodePort"] = spec.get("healthCheckNodePort") or FIRST_NODE_PORT


_PLAIN = {
    "FieldValueRequired": "must be given",
    "FieldValueForbidden": "may not be set here",
    "FieldValueInvalid": "has a value that is not allowed",
    "FieldValueNotFound": "names something that is not there",
}
"""What a type of error means where upstream says no more."""


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _undecodable(thing: Object, said: str) -> Problem:
    match = _SAID.match(said)
    path = locate(thing.data, match["path"]) if match else ()
    return Problem(
        "wrong-type", path, f"`{spell(path)}`: {_sentence(match['rest'])}" if match and path else _sentence(said)
    )
