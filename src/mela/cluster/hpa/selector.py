"""The text form of a selector, as a scale's status carries it: `app=web,tier in (a,b),!canary`.

Source: k8s.io/apimachinery v0.36.3, pkg/labels/selector.go (Parse), read 2026-11-23.
"""

import re
from functools import lru_cache

from mela.cluster import labels

TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+)")
OPERATORS = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", ">": "Gt", "<": "Lt"}
SYMBOLS = frozenset({"=", "==", "!=", "!", "(", ")", ",", "<", ">"})
END = ""


@lru_cache(maxsize=1024)
def parse(text: str) -> labels.Selector:
    """Read a selector. The empty text selects everything. Raises: labels.InvalidSelector."""
    tokens = [*TOKEN.findall(text.rstrip(" \t\r\n")), END]
    requirements = []
    at = 0
    while tokens[at] != END:
        requirement, at = _requirement(tokens, at)
        requirements.append(requirement)
        if tokens[at] == END:
            break
        if tokens[at] != "," or tokens[at + 1] == END:
            raise labels.InvalidSelector(f"{text!r} has {tokens[at]!r} where a comma and a requirement belong")
        at += 1
    return labels.Selector(tuple(requirements))


def _requirement(tokens: list[str], at: int) -> tuple[labels.Requirement, int]:
    absent = tokens[at] == "!"
    key, at = _word(tokens, at + absent)
    if absent or tokens[at] in (",", END):
        return labels.requirement(key, "DoesNotExist" if absent else "Exists", []), at
    operator = tokens[at]
    if operator not in OPERATORS:
        raise labels.InvalidSelector(f"{operator!r} after {key!r} is no operator; write =, !=, in, notin, < or >")
    values, at = _values(tokens, at + 1) if operator in ("in", "notin") else _value(tokens, at + 1)
    return labels.requirement(key, OPERATORS[operator], values), at


def _word(tokens: list[str], at: int) -> tuple[str, int]:
    if tokens[at] in SYMBOLS or tokens[at] == END:
        raise labels.InvalidSelector(f"{tokens[at]!r} stands where a name belongs")
    return tokens[at], at + 1


def _value(tokens: list[str], at: int) -> tuple[list[str], int]:
    """Read the one value after `=`; it may be empty."""
    if tokens[at] in (",", END):
        return [""], at
    word, at = _word(tokens, at)
    return [word], at


def _values(tokens: list[str], at: int) -> tuple[list[str], int]:
    """Read `(a,b)`; each of the values may be empty."""
    if tokens[at] != "(" or ")" not in tokens[at:]:
        raise labels.InvalidSelector("a set of values is written (a,b)")
    end = tokens.index(")", at)
    values = [""]
    for part in tokens[at + 1 : end]:
        if part == ",":
            values.append("")
        elif part in SYMBOLS or values[-1]:
            raise labels.InvalidSelector(f"{part!r} stands where a comma belongs")
        else:
            values[-1] = part
    return values, end + 1
