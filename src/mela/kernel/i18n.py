"""Texts in five languages: loading, choosing, filling in, and checking that none is missing.

A file of texts maps each key to its languages. A text with plurals has one form per CLDR category instead, chosen by
the parameter `count` or by the one that `by` names:

    cart.items:
      en: {one: "{count} item", other: "{count} items"}
    errors.kernel.busy.fix:
      by: seconds
      en: {one: "Try again in {seconds} second.", other: "Try again in {seconds} seconds."}

Placeholders are plain names in braces. हर संदेश पाँचों भाषाओं में होना चाहिए; `check` यही देखता है।
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mela.kernel import tables

LANGUAGES = ("en", "hi", "ta", "te", "kn")
SCRIPTS = {"hi": r"\u0900-\u097f", "ta": r"\u0b80-\u0bff", "te": r"\u0c00-\u0c7f", "kn": r"\u0c80-\u0cff"}
INDIC = re.compile(r"[\u0900-\u0dff]")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
PLURAL_PARAMETER = "count"

LONGEST_HEADER = 1000
MOST_RANGES = 32
RANGE = re.compile(r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*(?:[ \t]*;[ \t]*[qQ]=([01](?:\.[0-9]{0,3})?))?", re.ASCII)

Forms = Mapping[str, str]


class InvalidMessages(ValueError):
    """A file of texts that cannot be used: a key twice, a language nobody speaks here, a wrong shape."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text in its languages; a text without plurals has only the form `other`."""

    languages: Mapping[str, Forms]
    by: str = PLURAL_PARAMETER


class Messages:
    """All texts of the platform by key."""

    def __init__(self, messages: Mapping[str, Message], *, strict: bool = False) -> None:
        """With `strict` a missing key or parameter raises KeyError; else it shows as itself and the page stands."""
        self._messages = messages
        self._strict = strict

    @classmethod
    def load(cls, *paths: Path, strict: bool = False) -> Messages:
        """The texts of several files together. Raises: InvalidMessages, also when two files have the same key."""
        merged: dict[str, Message] = {}
        for path in paths:
            messages = _read(path)
            if twice := merged.keys() & messages.keys():
                raise InvalidMessages(f"{path.name}: {min(twice)} is in another file already")
            merged |= messages
        return cls(merged, strict=strict)

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __getitem__(self, key: str) -> Message:
        return self._messages[key]

    def __contains__(self, key: object) -> bool:
        return key in self._messages

    def text(self, key: str, lang: str, /, **params: object) -> str:
        """The text of a key in a language, its placeholders filled; in English where that language has none.

        Raises: KeyError for a missing key or parameter, when strict.
        """
        message = self._messages.get(key)
        if message is None:
            if self._strict:
                raise KeyError(f"no text has the key {key!r}")
            return key
        spoken = lang if lang in message.languages else "en"
        forms = message.languages[spoken]
        form = forms.get(_category(spoken, params.get(message.by))) or forms["other"]
        return PLACEHOLDER.sub(lambda found: self._filled(key, found, params), form)

    def _filled(self, key: str, found: re.Match[str], params: Mapping[str, object]) -> str:
        if found[1] in params:
            return str(params[found[1]])
        if self._strict:
            raise KeyError(f"the text {key!r} needs the parameter {found[1]!r}")
        return found[0]


def negotiate(accept_language: str | None) -> str:
    """The language to answer in, by an `Accept-Language` header; English when it names none of ours.

    `hi-IN` is answered in `hi`, at its greatest weight; equal weights keep the header's order; a weight of 0 refuses. What is malformed is
    passed over, and what lies beyond 1,000 characters or 32 ranges is not read.

    Source: RFC 9110, section 12.5.4, https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4 (recalled).
    """
    weights: dict[str, float] = {}
    for item in (accept_language or "")[:LONGEST_HEADER].split(",", MOST_RANGES)[:MOST_RANGES]:
        found = RANGE.fullmatch(item.strip(" \t"))
        if found:
            lang = found[1].lower()
            weights[lang] = max(weights.get(lang, 0.0), min(float(found[2] or 1), 1.0))
    if "*" in weights:
        weights.setdefault("en", weights["*"])
    wanted = [lang for lang in weights if lang in LANGUAGES and weights[lang] > 0]
    return max(wanted, key=lambda lang: weights[lang], default="en")


def check(messages: Messages, same_as_english: Collection[str] = ()) -> list[str]:
    """What is wrong with the texts, one line each; `same_as_english` names the keys that need no translation."""
    return [
        problem
        for key in messages
        for lang in LANGUAGES
        for problem in _problems(key, lang, messages[key], key in same_as_english)
    ]


def _problems(key: str, lang: str, message: Message, may_be_english: bool) -> Iterator[str]:
    forms, english = message.languages.get(lang), message.languages.get("en", {})
    if forms is None:
        yield f"{key}: no {lang}"
        return
    if len(forms) > 1 and (missing := _categories(lang) - forms.keys()):
        yield f"{key}: {lang} lacks the plural forms {', '.join(sorted(missing))}"
    if unused := forms.keys() - _categories(lang):
        yield f"{key}: {lang} has no plural forms {', '.join(sorted(unused))}"
    for category, form in forms.items():
        yield from _problems_of_form(f"{key}: {lang} {category}", lang, form, message, may_be_english)
    if _placeholders(forms) != _placeholders(english):
        yield f"{key}: {lang} has other placeholders than en"


def _problems_of_form(where: str, lang: str, form: str, message: Message, may_be_english: bool) -> Iterator[str]:
    if not form.strip() or form != form.strip():
        yield f"{where}: is empty or has spaces around it"
    if re.search("[{}]", PLACEHOLDER.sub("", form)):
        yield f"{where}: has a brace that belongs to no placeholder"
    own = SCRIPTS.get(lang, "")
    if foreign := [letter for letter in INDIC.findall(form) if not own or not re.match(f"[{own}]", letter)]:
        yield f"{where}: has the letter {foreign[0]!r} of another script"
    if not own or may_be_english:
        return
    if form in message.languages.get("en", {}).values():
        yield f"{where}: is the English text"
    elif not re.search(f"[{own}]", form):
        yield f"{where}: has no letter of its own script"


def _placeholders(forms: Forms) -> set[str]:
    return {name for form in forms.values() for name in PLACEHOLDER.findall(form)}


@cache
def _plural_rule(lang: str) -> Any:
    from babel import Locale

    return Locale.parse(lang).plural_form


def _category(lang: str, number: object) -> str:
    counts = isinstance(number, (int, float)) and not isinstance(number, bool)
    return str(_plural_rule(lang)(abs(number))) if counts else "other"  # type: ignore[arg-type]


def _categories(lang: str) -> set[str]:
    return {*_plural_rule(lang).tags, "other"}


def _read(path: Path) -> dict[str, Message]:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)  # noqa: S506 (it derives from a safe loader)
    if not isinstance(document, dict):
        raise InvalidMessages(f"{path.name} is not a mapping of keys to texts")
    return {str(key): _message(f"{path.name}: {key}", entry) for key, entry in document.items()}


def _message(where: str, entry: object) -> Message:
    if not isinstance(entry, dict) or "en" not in entry:
        raise InvalidMessages(f"{where} has no English text")
    languages = {lang: _forms(f"{where}: {lang}", text) for lang, text in entry.items() if lang != "by"}
    if unknown := languages.keys() - set(LANGUAGES):
        raise InvalidMessages(f"{where} has the unknown language {min(unknown)}")
    return Message(languages, str(entry.get("by", PLURAL_PARAMETER)))


def _forms(where: str, text: object) -> Forms:
    forms = {"other": text} if isinstance(text, str) else text
    if not isinstance(forms, dict) or "other" not in forms or not all(isinstance(form, str) for form in forms.values()):
        raise InvalidMessages(f"{where} is neither a text nor plural forms with one for 'other'")
    return forms


class _OnceLoader(tables.LOADER):  # type: ignore[misc]
    """Safe YAML in which a key twice is an error: YAML itself would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise InvalidMessages(f"line {key_node.start_mark.line + 1}: {key} is there twice")
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping
