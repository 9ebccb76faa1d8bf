"""Texts in five languages: loading, filling in, choosing a language, finding what is missing."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import i18n
from mela.kernel.i18n import InvalidMessages, Messages

KERNEL = Path(i18n.__file__).parent / "data" / "messages.yaml"
GREETING = "{en: 'Hello {name}', hi: 'नमस्ते {name}', ta: 'வணக்கம் {name}', te: 'నమస్తే {name}', kn: 'ನಮಸ್ಕಾರ {name}'}"
ITEMS = """
cart.items:
  en: {one: "{count} item", other: "{count} items"}
  hi: {one: "{count} वस्तु", other: "{count} वस्तुएँ"}
  ta: {one: "{count} பொருள்", other: "{count} பொருட்கள்"}
  te: {one: "{count} వస్తువు", other: "{count} వస్తువులు"}
  kn: {one: "{count} ವಸ್ತು", other: "{count} ವಸ್ತುಗಳು"}
"""


@pytest.fixture
def load(tmp_path: Path) -> "Loader":
    return Loader(tmp_path)


class Loader:
    """Writes texts to files and loads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *documents: str, strict: bool = True) -> Messages:
        paths = [self.folder / f"{place}.yaml" for place in range(len(documents))]
        for path, document in zip(paths, documents, strict=True):
            path.write_text(document, encoding="utf-8")
        return Messages.load(*paths, strict=strict)


def test_a_text_is_filled_in_the_language_asked_for(load: Loader) -> None:
    messages = load(f"hello: {GREETING}")
    assert messages.text("hello", "kn", name="ಅಕ್ಕ") == "ನಮಸ್ಕಾರ ಅಕ್ಕ"


def test_what_fills_a_placeholder_is_not_filled_again(load: Loader) -> None:
    assert load(f"hello: {GREETING}").text("hello", "en", name="{name.__class__}") == "Hello {name.__class__}"


@pytest.mark.parametrize(
    ("lang", "zero", "one", "two"),
    [
        ("en", "0 items", "1 item", "2 items"),
        ("hi", "0 वस्तु", "1 वस्तु", "2 वस्तुएँ"),
        ("ta", "0 பொருட்கள்", "1 பொருள்", "2 பொருட்கள்"),
        ("te", "0 వస్తువులు", "1 వస్తువు", "2 వస్తువులు"),
        ("kn", "0 ವಸ್ತು", "1 ವಸ್ತು", "2 ವಸ್ತುಗಳು"),
    ],
)
def test_each_language_counts_by_its_own_rule(load: Loader, lang: str, zero: str, one: str, two: str) -> None:
    messages = load(ITEMS)
    assert [messages.text("cart.items", lang, count=count) for count in (0, 1, 2)] == [zero, one, two]


def test_a_text_may_count_by_another_parameter(load: Loader) -> None:
    messages = load('wait: {by: seconds, en: {one: "one second", other: "{seconds} seconds"}}')
    assert [messages.text("wait", "en", seconds=seconds) for seconds in (1, 0.5, 2)] == [
        "one second",
        "0.5 seconds",
        "2 seconds",
    ]


@pytest.mark.parametrize("count", ["1", None, True], ids=["text", "none", "bool"])
def test_what_is_no_number_takes_the_form_other(load: Loader, count: object) -> None:
    assert load(ITEMS).text("cart.items", "en", count=count) == f"{count} items"


def test_a_language_without_the_text_hears_english(load: Loader) -> None:
    assert load("hello: {en: Hello}").text("hello", "ta") == "Hello"


def test_strict_raises_for_a_missing_key_or_parameter(load: Loader) -> None:
    messages = load(f"hello: {GREETING}")
    with pytest.raises(KeyError, match="goodbye"):
        messages.text("goodbye", "en")
    with pytest.raises(KeyError, match="name"):
        messages.text("hello", "en")


def test_in_production_a_missing_key_or_parameter_shows_as_itself(load: Loader) -> None:
    messages = load(f"hello: {GREETING}", strict=False)
    assert messages.text("goodbye", "en") == "goodbye"
    assert messages.text("hello", "en") == "Hello {name}"


def test_several_files_make_one_set(load: Loader) -> None:
    messages = load(f"hello: {GREETING}", ITEMS)
    assert sorted(messages) == ["cart.items", "hello"]
    assert "hello" in messages
    assert "goodbye" not in messages


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        (["a: {en: A}", "a: {en: B}"], "another file"),
        (["a: {en: A}\na: {en: B}"], "twice"),
        (["a: {en: A, en: B}"], "twice"),
        (["a: {en: {other: A, other: B}}"], "twice"),
        (["a: {hi: अ}"], "no English"),
        (["a: A"], "no English"),
        (["a: {en: A, fr: B}"], "unknown language fr"),
        (["a: {en: 5}"], "neither"),
        (["a: {en: {one: A}}"], "neither"),
        (["a: {en: {other: 5}}"], "neither"),
        (["- a"], "not a mapping"),
        ([""], "not a mapping"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(load: Loader, documents: list[str], reason: str) -> None:
    with pytest.raises(InvalidMessages, match=reason):
        load(*documents)


def test_complete_texts_have_no_problems(load: Loader) -> None:
    assert i18n.check(load(f"hello: {GREETING}", ITEMS)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("ta: 'வணக்கம் {name}', ", ""), "hello: no ta"),
        (("வணக்கம் {name}", "வணக்கம்"), "hello: ta has other placeholders than en"),
        (("வணக்கம் {name}", "வணக்கம் {nam}"), "hello: ta has other placeholders than en"),
        (("வணக்கம் {name}", "Hello {name}"), "hello: ta other: is the English text"),
        (("வணக்கம் {name}", "Vanakkam {name}"), "hello: ta other: has no letter of its own script"),
        (("வணக்கம் {name}", "வணக்కம் {name}"), "hello: ta other: has the letter 'క' of another script"),
        (("Hello {name}", "Hello {name} नमस्ते"), "hello: en other: has the letter 'न' of another script"),
        (("வணக்கம் {name}", "வணக்கம் {name"), "hello: ta other: has a brace that belongs to no placeholder"),
        (("வணக்கம் {name}", "வணக்கம் {name} "), "hello: ta other: is empty or has spaces around it"),
        (
            ("'வணக்கம் {name}'", "{one: 'அ {name}', two: 'ஆ {name}', other: 'இ {name}'}"),
            "hello: ta has no plural forms two",
        ),
        (("'வணக்கம் {name}'", "{other: 'இ {name}', few: 'அ {name}'}"), "hello: ta lacks the plural forms one"),
    ],
)
def test_check_finds_what_is_wrong(load: Loader, change: tuple[str, str], problem: str) -> None:
    assert problem in i18n.check(load(f"hello: {GREETING.replace(*change)}"))


def test_names_on_the_allow_list_need_no_translation(load: Loader) -> None:
    messages = load("app.name: {en: Mela, hi: Mela, ta: Mela, te: Mela, kn: Mela}")
    assert len(i18n.check(messages)) == 4
    assert i18n.check(messages, same_as_english={"app.name"}) == []


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "en"),
        ("", "en"),
        ("hi", "hi"),
        ("hi-IN", "hi"),
        ("HI-in", "hi"),
        ("ta-Taml-IN, en", "ta"),
        ("fr, de", "en"),
        ("fr, kn;q=0.4, te;q=0.5", "te"),
        ("kn;q=0.5, te;q=0.5", "kn"),
        ("en;q=0.1, hi;q=0.9", "hi"),
        ("hi ; q=0.9 , en;q=0.8", "hi"),
        ("hi;q=0", "en"),
        ("hi;q=0.000, ta;q=0.001", "ta"),
        ("*", "en"),
        ("ta;q=0.2, *;q=0.5", "en"),
        ("ta;q=0.5, *;q=0.2", "ta"),
        ("hi-IN;q=0.3, hi;q=0.9, ta;q=0.5", "hi"),
        ("hi;q=9, ta", "ta"),
        ("hi;q=1.5, ta;q=0.9", "hi"),
        ("hi;q=x, ta;q=0.1", "ta"),
        ("हिन्दी, ta", "ta"),
        pytest.param("x" * 100_000 + ", hi", "en", id="long"),
        pytest.param("fr, " * 40 + "hi", "en", id="many"),
    ],
)
def test_the_language_asked_for_is_chosen(header: str | None, lang: str) -> None:
    assert i18n.negotiate(header) == lang


@given(st.text() | st.text(alphabet="hitaenk-;q=0.19, *", max_size=60))
def test_any_header_gets_a_language(header: str) -> None:
    assert i18n.negotiate(header) in i18n.LANGUAGES


def test_the_kernels_texts_are_complete() -> None:
    assert i18n.check(Messages.load(KERNEL)) == []


def test_every_error_that_the_kernel_raises_has_a_reason_and_a_fix() -> None:
    texts = set(Messages.load(KERNEL))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in KERNEL.parent.parent.rglob("*.py"))
    codes = set(re.findall(r'"(kernel\.[a-z_]+)"', sources))
    assert "kernel.internal" in codes
    assert not {f"errors.{code}.{part}" for code in codes for part in ("reason", "fix")} - texts


def test_the_kernels_texts_are_in_normal_form_and_without_stray_joiners() -> None:
    text = KERNEL.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    viramas = "్್"  # after these a joiner keeps a loan word's consonant from fusing with its ending
    assert all(text[place - 1] in viramas for place, letter in enumerate(text) if letter == "\u200c")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_a_wait_is_told_in_each_language(lang: str) -> None:
    messages = Messages.load(KERNEL, strict=True)
    assert "30" in messages.text("errors.kernel.busy.fix", lang, seconds=30)
