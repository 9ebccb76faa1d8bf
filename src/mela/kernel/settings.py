"""Settings from environment variables into frozen dataclasses, and the only module that reads `os.environ`.

A field `port` of a class read with the prefix `MELA_ORDERS` comes from `MELA_ORDERS_PORT`. An empty variable counts as
not set, because Compose files and manifests cannot leave one out. Every problem is told at once, so that a
deployment is corrected once.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import inspect
import itertools
import math
import os
import re
import textwrap
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mela.kernel import mounted

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

SECRETS = "MELA_SECRETS"
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
INTEGER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT\w*)$|_PORT(_\d+_(TCP|UDP|SCTP)\w*)?$", re.ASCII)
"""What Kubernetes puts into pods for a Service, unless told `enableServiceLinks: false`.

Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables, by the copy at
https://blog.csdn.net/xutch/article/details/80726895 (read 2026-11-23).
"""


class SettingsError(Exception):
    """Variables that are missing, wrong or unknown: one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclasses.dataclass(frozen=True)
class Variable:
    """One variable as documentation shows it."""

    name: str
    form: str
    default: str | None
    """As one would write it; None when the variable must be set."""
    help: str
    secret: bool


def read(cls: type[T], prefix: str, environ: Mapping[str, str] | None = None) -> T:
    """The settings of class `cls`, from `environ` or else the process's own environment.

    Field types: str, int (and NewTypes of it), float, bool, Path, Literal of texts, StrEnum, tuple[str, ...] (comma
    separated) and any of them `| None`. A ValueError of the class's `__post_init__` becomes a problem too.

    Raises: SettingsError.
    """
    given = {name: text for name, text in (environment() if environ is None else environ).items() if text}
    variables, hints = _variables(cls, prefix, {}), get_type_hints(cls)
    problems = list(_unknown(given, variables, _variable_prefix(prefix)))
    values: dict[str, Any] = {}
    for field, variable in variables.values():
        try:
            if variable.name in given:
                values[field.name] = _parse(hints[field.name], given[variable.name])
            elif variable.default is None:
                problems.append(f"{variable.name} is not set; it takes {variable.form}")
        except ValueError:
            problems.append(_refusal(variable, given[variable.name]))
    if problems:
        raise SettingsError(problems)
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingsError([f"{_variable_prefix(prefix)}*: {error}"]) from error


def environment() -> dict[str, str]:
    """A copy of the process's environment, for whoever puts defaults below it.

    Where `MELA_SECRETS` names a folder, each of its files stands for the variable of its name, before one that is set.
    Raises: SettingsError for a file that cannot be read.
    """
    given = dict(os.environ)
    try:
        return given | (mounted.texts(Path(given[SECRETS])) if given.get(SECRETS) else {})
    except ValueError as error:
        raise SettingsError([f"{SECRETS}: {error}"]) from error


def describe(cls: type[DataclassInstance], prefix: str) -> list[Variable]:
    """Every variable of a settings class with its form, default and help, in the order of the fields.

    The help is the text under the field or its metadata `help`; metadata `secret` marks what must not be shown.
    """
    return [variable for _, variable in _variables(cls, prefix, _field_docstrings(cls)).values()]


Variables = dict[str, tuple[dataclasses.Field[Any], Variable]]


def _variables(cls: type[DataclassInstance], prefix: str, docs: Mapping[str, str]) -> Variables:
    """Raises: TypeError for a class that settings cannot be read into."""
    hints = get_type_hints(cls)
    described = {
        field.name: Variable(
            name=_variable_prefix(prefix) + field.name.upper(),
            form=_form(hints[field.name]),
            default=_default(field),
            help=field.metadata.get("help") or docs.get(field.name, ""),
            secret=_is_secret(field),
        )
        for field in dataclasses.fields(cls)
    }
    return {described[field.name].name: (field, described[field.name]) for field in dataclasses.fields(cls)}


def _variable_prefix(prefix: str) -> str:
    return prefix.removesuffix("_") + "_"


def _is_secret(field: dataclasses.Field[Any]) -> bool:
    """Raises: TypeError for a secret that the class would print."""
    secret = bool(field.metadata.get("secret"))
    if secret and field.repr:
        raise TypeError(f"the secret setting {field.name!r} would be printed: declare it with field(repr=False)")
    return secret


def _unknown(given: Mapping[str, str], known: Collection[str], prefix: str) -> Iterator[str]:
    for name in sorted(given.keys() - set(known)):
        if not name.startswith(prefix):
            continue
        if SERVICE_LINK.search(name):
            yield f"{name} is not a setting; Kubernetes sets it: write enableServiceLinks: false in the pod"
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        yield f"{name} is not a setting; did you mean {near[0]}?" if near else f"{name} is not a setting"


def _refusal(variable: Variable, text: str) -> str:
    shown = f"a secret of {len(text)} characters" if variable.secret else repr(text[:80])
    return f"{variable.name} is {shown}; it takes {variable.form}"


def _default(field: dataclasses.Field[Any]) -> str | None:
    if field.default_factory is not dataclasses.MISSING:
        return _written(field.default_factory())
    return None if field.default is dataclasses.MISSING else _written(field.default)


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _parse(hint: Any, text: str) -> Any:
    """Raises: ValueError for a text of the wrong form, TypeError for a type that settings do not have."""
    hint = _plain(hint)
    if get_origin(hint) is Literal:
        return _one_of(text, {str(choice): choice for choice in get_args(hint)})
    if hint == tuple[str, ...]:
        return tuple(part for part in map(str.strip, text.split(",")) if part)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(text)
    return PARSERS[hint](text)


def _form(hint: Any) -> str:
    """What a variable of this type accepts, in words."""
    hint = _plain(hint)
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if hint == tuple[str, ...]:
        return "texts separated by commas"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(hint)
    return FORMS[hint]


def _plain(hint: Any) -> Any:
    """The type without `| None` and without its NewType."""
    if get_origin(hint) in (Union, types.UnionType):
        others = [option for option in get_args(hint) if option is not types.NoneType]
        hint = others[0] if len(others) == 1 else hint
    hint = getattr(hint, "__supertype__", hint)
    known = hint in PARSERS or hint == tuple[str, ...] or get_origin(hint) is Literal
    if not known and not (isinstance(hint, type) and issubclass(hint, StrEnum)):
        raise TypeError(f"settings have no form for the type {hint!r}")
    return hint


def _one_of(text: str, choices: Mapping[str, Any]) -> Any:
    if text not in choices:
        raise ValueError(text)
    return choices[text]


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not DECIMAL.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError(text)
    return text.lower() in TRUE


PARSERS: dict[Any, Callable[[str], Any]] = {str: str, int: _integer, float: _number, bool: _boolean, Path: Path}
FORMS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false (also 1/0, yes/no, on/off)",
    Path: "a path",
}


def _field_docstrings(cls: type) -> dict[str, str]:
    """The texts written under the fields, which Python itself forgets; empty where the source is not at hand."""
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return {}
    body = ast.parse(source).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(doc.value.value)
        for field, doc in itertools.pairwise(statements)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    }
