"""One spelling for many: words and how they sound in Latin letters and four Indian scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel.i18n import LANGUAGES
from mela.services.catalog.rules.search import words as spelling


def heard(text: str) -> str:
    return " ".join(spelling.heard(spelling.latin(word)) for word in spelling.words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sona Masoori rice, 5kg", ["sona", "masoori", "rice", "5", "kg"]),
        ("1.5 litre", ["1.5", "litre"]),
        ("साड़ी", ["साडी"]),  # nukta
        ("फ़ोन", ["फोन"]),  # nukta in one letter
        ("चाँदी", ["चांदी"]),  # chandrabindu
        ("ಮೊಬೈಲ್‌ಗಳು", ["ಮೊಬೈಲ್ಗಳು"]),  # U+200C
        ("१० किलो", ["10", "किलो"]),
        ("நெய்!", ["நெய்"]),
        ("కంది పప్పు", ["కంది", "పప్పు"]),
        ("T-shirt", ["t", "shirt"]),
        ("CAFÉ ｐｈｏｎｅ", ["cafe", "phone"]),
        ("।॥!?", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_whole_words_in_one_spelling(text: str, expected: list[str]) -> None:
    assert spelling.words(text) == expected


@pytest.mark.parametrize(
    "alike",
    [
        ["चावल", "chawal", "chaval", "chaaval"],
        ["आटा", "atta", "aata", "ata"],
        ["लाल", "laal", "lal"],
        ["हल्दी", "haldi", "haldee"],
        ["नमक", "namak", "namk"],
        ["कुकर", "kukar"],
        ["cooker", "cuker", "kooker"],
        ["अरहर", "arhar", "arahar"],
        ["सारी", "sari", "saree", "saaree"],
        ["நெய்", "ney", "nei"],
        ["బియ్యం", "biyyam", "biyam"],
        ["ಅಕ್ಕಿ", "akki", "aki"],
        ["phone", "fone", "फ़ोन"],
    ],
)
def test_spellings_of_one_word_sound_alike(alike: list[str]) -> None:
    assert len({heard(word) for word in alike}) == 1, [heard(word) for word in alike]


@pytest.mark.parametrize(
    ("one", "other"), [("chawal", "chai"), ("ghee", "gud"), ("tel", "tala"), ("bat", "boot"), ("दाल", "दूध")]
)
def test_different_words_sound_different(one: str, other: str) -> None:
    assert heard(one) != heard(other)


@given(st.text(max_size=60))
def test_any_text_has_words_that_are_spelled_once_and_for_all(text: str) -> None:
    for word in spelling.words(text):
        assert spelling.words(word) == [word]
        assert 0 < len(word) <= spelling.LONGEST
        assert not set(word) & set("\u200c\u200d\u093c \"'")
        spelling.heard(spelling.latin(word))


@given(
    st.text(
        alphabet=[chr(c) for start in (0x0900, 0x0B80, 0x0C00, 0x0C80) for c in range(start, start + 0x80)], max_size=20
    )
)
def test_any_indian_letters_can_be_read_aloud_in_latin_ones(text: str) -> None:
    for word in spelling.words(text):
        assert spelling.latin(word).isascii()


def test_neighbours_are_also_read_as_one_word() -> None:
    assert spelling.joined(["power", "bank", "fast"]) == ["powerbank", "bankfast"]
    assert spelling.joined(["one"]) == []


def test_the_five_languages_have_a_script_that_is_known() -> None:
    assert [spelling.words(text) != [] for text in ("rice", "चावल", "அரிசி", "బియ్యం", "ಅಕ್ಕಿ")] == [True] * len(LANGUAGES)
