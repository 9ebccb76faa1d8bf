"""Rules that many fields share, and ways to put rules together into tables.

A rule for one value leaves a missing value alone unless it says otherwise; `struct` says which rule is for which field.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from mela.cluster import labels
from mela.cluster.admission.validation import formats
from mela.cluster.admission.validation.field import Field, FieldError, Rule
from mela.cluster.quantity import ZERO

Errors = Iterator[FieldError]

NUMBER = re.compile("[+-]?[0-9]{1,18}")


def struct(rules: Mapping[str, Rule]) -> Rule:
    """Each rule looks at the field of its name."""

    def check(field: Field) -> Errors:
        for name, rule in rules.items():
            yield from rule(field[name])

    return check


def every(*rules: Rule) -> Rule:
    """All the rules look at the same field."""
    return lambda field: (error for rule in rules for error in rule(field))


def each(rule: Rule) -> Rule:
    """The rule looks at every element of a list."""
    return lambda field: (error for element in field.elements() for error in rule(element))


def if_set(rule: Rule) -> Rule:
    """The rule looks only at what is there."""
    return lambda field: rule(field) if field.is_set else ()


def required(field: Field) -> Errors:
    """There, and neither empty nor zero."""
    if not field:
        yield field.required()


def has_format(format_: Callable[..., list[str]]) -> Rule:
    """One error for each fault of the text or number; empty and zero count too."""
    return lambda field: (field.invalid(problem) for problem in format_(field.value)) if field.is_set else ()


def optional(format_: formats.Format) -> Rule:
    """As `has_format`, but an empty text is fine."""
    return lambda field: (field.invalid(problem) for problem in format_(field.text)) if field else ()


def named(format_: formats.Format) -> Rule:
    """A text that must be there, in a format."""
    return lambda field: (field.invalid(problem) for problem in format_(field.text)) if field else [field.required()]


def one_of(*supported: str) -> Rule:
    """One of the words; a word that is missing is fine, an empty one is not."""
    return lambda field: [field.unsupported(supported)] if field.is_set and field.value not in supported else ()


def chosen(*supported: str) -> Rule:
    """As `one_of`, for fields that upstream never sees missing: nothing and an empty text are not supported."""
    return lambda field: [field.unsupported(supported)] if field.text not in supported else ()


def one_required(*supported: str) -> Rule:
    """One of the words, with an error of its own for none."""
    return lambda field: chosen(*supported)(field) if field else [field.required()]


def non_negative(field: Field) -> Errors:
    if field.number < 0:
        yield field.invalid("must not be negative")


def positive(field: Field) -> Errors:
    if field.is_set and field.value <= 0:
        yield field.invalid("must be greater than zero")


def non_negative_quantity(field: Field) -> Errors:
    if field.is_set and field.value < ZERO:
        yield field.invalid("must not be negative")


def int_or_percent(field: Field) -> Errors:
    """A whole number from zero, or percent as text; `"2"` in quotes is neither."""
    if isinstance(field.value, str):
        yield from has_format(formats.percent)(field)
    else:
        yield from non_negative(field)


def at_most_100_percent(field: Field) -> Errors:
    if isinstance(field.value, str) and not formats.percent(field.value) and amount(field) > 100:
        yield field.invalid("must not be over 100 %")


def amount(field: Field) -> int:
    """The number of an int-or-percent, the sign left off; text that is neither is zero."""
    text = str(field.value if field.is_set else 0)
    return int(text.removesuffix("%")) if NUMBER.fullmatch(text) or formats.PERCENT.fullmatch(text) else 0


def port_number_or_name(field: Field) -> Errors:
    text = isinstance(field.value, str)
    problems = formats.port_name(field.text) if text else formats.port_number(field.number)
    yield from (field.invalid(problem) for problem in problems)


def label_map(field: Field) -> Errors:
    """Label keys and values; upstream puts all of it at the map itself."""
    for key, value in (field.value or {}).items():
        yield from has_format(formats.qualified_name)(Field(key, field.path))
        yield from has_format(formats.label_value)(Field(value, field.path))


def label_selector(field: Field) -> Errors:
    yield from label_map(field["matchLabels"])
    yield from each(_selector_expression)(field["matchExpressions"])


def matches(selector: Field, found: Mapping[str, str]) -> bool | None:
    """Does the label selector select these labels? None when it cannot be understood."""
    try:
        return labels.matches(selector.value, found)
    except labels.InvalidSelector:
        return None


def _selector_expression(field: Field) -> Errors:
    match field["operator"].text:
        case "In" | "NotIn":
            if not field["values"]:
                yield field["values"].required("In and NotIn need values")
        case "Exists" | "DoesNotExist":
            if field["values"]:
                yield field["values"].forbidden("Exists and DoesNotExist take no values")
        case _:
            yield field["operator"].invalid("must be In, NotIn, Exists or DoesNotExist")
    yield from (field["key"].invalid(problem) for problem in formats.qualified_name(field["key"].text))
    yield from each(has_format(formats.label_value))(field["values"])
