"""Writes `docs/reference` from the code: `python -m docs.build`. A test holds the pages against what this would write.

हिन्दी: ये पन्ने कोड से बनते हैं; इन्हें हाथ से नहीं, कोड बदलकर बदला जाता है।
"""

# ruff: noqa: SLF001 - the pages are written from tables that are private to their modules
import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import mela
from mela.kernel import errors, i18n, messages, rpc, settings
from mela.kernel.web import problems
from mela.kernel.web.app import WebSettings
from mela.runtime import registry
from mela.runtime.settings import PlatformSettings
from mela.services.orders import rules as orders
from mela.services.payments.rules import states as payments

FOLDER = Path(__file__).parent / "reference"
SOURCE = Path(mela.__file__).parent
TEXTS = SOURCE / "kernel" / "data" / "messages.yaml"
_QUALIFIED = re.compile(r"(?:\w+\.)+(\w+)")
_MARK = "<!-- Written by `make docs` from the code: change it there. -->"


def pages() -> Mapping[str, str]:
    """Each page of the reference by its file name."""
    services = {name: registry.load(name) for name in registry.ENTRIES}
    return {
        "settings.md": _page("Settings", _settings(services)),
        "contracts.md": _page("Contracts", _contracts(services)),
        "events.md": _page("Events", _events()),
        "errors.md": _page("Errors", _errors()),
        "states.md": _page("State machines", _states()),
    }


def write(folder: Path) -> None:
    """Write all pages, and remove those that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for path in folder.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


# Settings.


def _settings(services: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "All come from the environment. An empty value counts as not set; a wrong or unknown name stops the start. Where no"
        " default stands, the variable must be set; `make up` makes those for itself and keeps the secrets in its data folder."
    )
    classes = {"platform": (PlatformSettings, "MELA"), "web": (WebSettings, "MELA_WEB")}
    classes |= {name: (service.settings, f"MELA_{name.upper()}") for name, service in services.items()}
    for name, (cls, prefix) in classes.items():
        if variables := settings.describe(cls, prefix):
            yield f"## {name}\n\n{inspect.getdoc(cls)}"
            yield _table(
                ("variable", "takes", "default", "what it is"),
                ((f"`{v.name}`", v.form, _shown(v), v.help) for v in variables),
            )


def _shown(variable: settings.Variable) -> str:
    if variable.default is None:
        return "must be set"
    return f"`{variable.default}`" if variable.default else "–"


# Contracts and events.


def _contracts(services: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "What services promise each other. Every method reads, or takes a key and may be repeated. Apart, a method `m` of a"
        " service `s` is `POST /rpc/s/m` with the arguments as JSON."
    )
    for name, service in services.items():
        if service.contract is None:
            continue
        yield f"## {name}\n\n{inspect.getdoc(service.contract)}"
        for method, function in rpc.methods(service.contract).items():
            callers = sorted(caller for caller, allowed in service.permits.items() if method in allowed)
            yield f"### {name}.{method}\n\n```python\n{method}{_signature(function)}\n```\n\n{inspect.getdoc(function)}"
            yield f"May be called by: {', '.join(callers) or 'nobody yet'}."


def _signature(function: Any) -> str:
    given = inspect.signature(function)
    own = [parameter for name, parameter in given.parameters.items() if name != "self"]
    return _QUALIFIED.sub(r"\1", str(given.replace(parameters=own)))


def _events() -> Iterator[str]:
    yield (
        "Facts, each emitted in the unit that makes it true, delivered at least once, and in order among those with the same"
        " key. The first word of the name is the service that emits it."
    )
    ours = sorted(name for name, cls in messages._by_name.items() if cls.__module__.startswith("mela.contracts."))
    for name in ours:
        cls = messages.event_class(name)
        hints = get_type_hints(cls)
        heard = ", ".join(registry.hearers(name)) or "nobody yet"
        yield f"## {name}\n\n{inspect.getdoc(cls)}\n\nKey: `{messages.meta(cls).key}`. Heard by: {heard}."
        yield _table(("field", "type"), ((f"`{f.name}`", f"`{_type(hints[f.name])}`") for f in fields(cls)))


def _type(hint: Any) -> str:
    return _QUALIFIED.sub(r"\1", inspect.formatannotation(hint))


# Errors.


def _errors() -> Iterator[str]:
    yield (
        "Every error is `application/problem+json` with one of these codes. Programs look at the code; people read the text, in"
        " the language of `Accept-Language`: here the English one."
    )
    texts, statuses = i18n.Messages.load(TEXTS, *registry.message_files()), dict(_statuses())
    codes = sorted(code for code in statuses if f"errors.{code}.reason" in texts)
    for service in sorted({code.split(".", 1)[0] for code in codes}):
        yield f"## {service}"
        of_service = [code for code in codes if code.split(".", 1)[0] == service]
        rows = ((f"`{c}`", statuses[c], _english(texts, c, "reason"), _english(texts, c, "fix")) for c in of_service)
        yield _table(("code", "status", "what happened", "what to do"), rows)


def _english(texts: i18n.Messages, code: str, part: str) -> str:
    """The text with its placeholders as they stand; of plurals the general form."""
    return texts[f"errors.{code}.{part}"].languages["en"]["other"]


def _statuses() -> Iterator[tuple[str, int]]:
    """HTTP status by code: of Starlette's own errors, of codes named where a class is raised, of the classes' own codes."""
    yield from ((known.code, status) for status, known in problems._BY_STATUS.items())
    importlib.import_module("mela.runtime.platform")  # so that every class is known
    own: list[type[errors.MelaError]] = [errors.MelaError]
    own += [cls for cls in errors._by_code.values() if cls.__module__.startswith("mela.")]
    classes = {cls.__name__: cls for cls in [*errors._BY_STATUS.values(), *own]}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in classes and isinstance(node.args[0].value, str):
                    yield node.args[0].value, classes[name].status
    yield from ((cls.code, cls.status) for cls in own)


# State machines.


def _states() -> Iterator[str]:
    yield "Drawn from the tables that decide. What no arrow shows is refused."
    yield "## Orders\n\nFrom `services/orders/rules.py`, `NEXT`."
    yield _diagram(
        orders.S.PLACED, ((str(a), str(b), "") for a, after in orders.NEXT.items() for b in orders.S if b in after)
    )
    yield "## Payments\n\nFrom `services/payments/rules/states.py`, `MOVES`; beside each arrow, who may make the move."
    moves = (
        (str(a), str(b), ", ".join(sorted(actors)))
        for a, after in payments.MOVES.items()
        for b, actors in after.items()
    )
    yield _diagram(payments.CREATED, moves)


def _diagram(first: str, moves: Iterable[tuple[str, str, str]]) -> str:
    known = list(moves)
    arrows = [f"    {a} --> {b}{': ' + who if who else ''}" for a, b, who in known]
    last = sorted({b for _, b, _ in known} - {a for a, _, _ in known})
    ends = [f"    {state} --> [*]" for state in last]
    return "\n".join(("```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *arrows, *ends, "```"))


# Form.


def _page(title: str, blocks: Iterable[str]) -> str:
    return "\n\n".join((_MARK, f"# {title}", *blocks)) + "\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)])


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", r"\|")


if __name__ == "__main__":
    write(FOLDER)
