"""The browser's side knows the API as it is, and speaks five languages."""

import json
from pathlib import Path

import pytest

from docs import typescript
from mela.kernel import i18n
from tests.architecture import translations


def test_the_typed_client_is_made_from_the_api_as_it_is() -> None:
    assert typescript.FILE.read_text(encoding="utf-8") == typescript.text(), "run `make docs` and commit the file"


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
