"""Amounts in words: grammar in five languages, one amount per text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import i18n, money
from mela.kernel.money import Paise, figures, vocabulary

amounts = st.integers(-figures.LARGEST, figures.LARGEST).map(Paise)
languages = st.sampled_from(i18n.LANGUAGES)

EN = [
    (0, "Rupees zero only"),
    (1, "One paisa only"),
    (50, "Fifty paise only"),
    (1_00, "Rupee one only"),
    (1_01, "Rupee one and one paisa only"),
    (1_23_456_50, "Rupees one lakh twenty-three thousand four hundred fifty-six and fifty paise only"),
    (1500_00_00_000_00, "Rupees one thousand five hundred crore only"),
    (-5_00_00, "Minus rupees five hundred only"),
]
HI = [
    (0, "शून्य रुपये मात्र"),
    (1, "एक पैसा मात्र"),
    (1_00, "एक रुपया मात्र"),
    (1_01, "एक रुपया और एक पैसा मात्र"),
    (101_00, "एक सौ एक रुपये मात्र"),
    (1_23_456_50, "एक लाख तेईस हज़ार चार सौ छप्पन रुपये और पचास पैसे मात्र"),
    (44_79_88_989_00, "चवालीस करोड़ उनासी लाख अट्ठासी हज़ार नौ सौ नवासी रुपये मात्र"),
    (-500_00, "ऋण पाँच सौ रुपये मात्र"),
]
TA = [
    (0, "பூஜ்ஜியம் ரூபாய் மட்டும்"),
    (1_00, "ஒரு ரூபாய் மட்டும்"),
    (11_00, "பதினொரு ரூபாய் மட்டும்"),
    (100_00, "நூறு ரூபாய் மட்டும்"),
    (101_00, "நூற்று ஒரு ரூபாய் மட்டும்"),
    (900_00, "தொள்ளாயிரம் ரூபாய் மட்டும்"),
    (999_00, "தொள்ளாயிரத்து தொண்ணூற்றொன்பது ரூபாய் மட்டும்"),
    (1_250_50, "ஆயிரத்து இருநூற்று ஐம்பது ரூபாய் ஐம்பது பைசா மட்டும்"),
    (4_500_00, "நான்காயிரத்து ஐந்நூறு ரூபாய் மட்டும்"),
    (2_00_000_00, "இரண்டு லட்சம் ரூபாய் மட்டும்"),
    (21_00_000_00, "இருபத்தொரு லட்சம் ரூபாய் மட்டும்"),
    (1_21_00_000_00, "ஒரு கோடியே இருபத்தொரு லட்சம் ரூபாய் மட்டும்"),
    (1_23_456_00, "ஒரு லட்சத்து இருபத்து மூன்றாயிரத்து நானூற்று ஐம்பத்தாறு ரூபாய் மட்டும்"),
]
TE = [
    (0, "సున్నా రూపాయలు మాత్రమే"),
    (1, "ఒక పైసా మాత్రమే"),
    (1_00, "ఒక రూపాయి మాత్రమే"),
    (1_50, "ఒక రూపాయి యాభై పైసలు మాత్రమే"),
    (21_00, "ఇరవై ఒక్క రూపాయలు మాత్రమే"),
    (100_00, "వంద రూపాయలు మాత్రమే"),
    (101_00, "నూట ఒక్క రూపాయలు మాత్రమే"),
    (116_00, "నూట పదహారు రూపాయలు మాత్రమే"),
    (500_00, "ఐదు వందల రూపాయలు మాత్రమే"),
    (1_000_00, "వెయ్యి రూపాయలు మాత్రమే"),
    (2_000_00, "రెండు వేల రూపాయలు మాత్రమే"),
    (1_00_000_00, "ఒక లక్ష రూపాయలు మాత్రమే"),
    (2_00_000_00, "రెండు లక్షల రూపాయలు మాత్రమే"),
    (3_00_00_000_00, "మూడు కోట్ల రూపాయలు మాత్రమే"),
    (1_23_456_50, "ఒక లక్ష ఇరవై మూడు వేల నాలుగు వందల యాభై ఆరు రూపాయల యాభై పైసలు మాత్రమే"),
]
KN = [
    (0, "ಸೊನ್ನೆ ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (1_00, "ಒಂದು ರೂಪಾಯಿ ಮಾತ್ರ"),
    (23_00, "ಇಪ್ಪತ್ತಮೂರು ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (100_00, "ನೂರು ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (101_00, "ನೂರ ಒಂದು ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (900_00, "ಒಂಬೈನೂರು ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (2_000_00, "ಎರಡು ಸಾವಿರ ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (2_550_00, "ಎರಡು ಸಾವಿರದ ಐನೂರ ಐವತ್ತು ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (1_50_00_000_00, "ಒಂದು ಕೋಟಿಯ ಐವತ್ತು ಲಕ್ಷ ರೂಪಾಯಿಗಳು ಮಾತ್ರ"),
    (1_23_456_50, "ಒಂದು ಲಕ್ಷದ ಇಪ್ಪತ್ತಮೂರು ಸಾವಿರದ ನಾನೂರ ಐವತ್ತಾರು ರೂಪಾಯಿಗಳು ಮತ್ತು ಐವತ್ತು ಪೈಸೆ ಮಾತ್ರ"),
]
SAID = [(lang, *case) for lang, cases in {"en": EN, "hi": HI, "ta": TA, "te": TE, "kn": KN}.items() for case in cases]


@pytest.mark.parametrize(("lang", "paise", "text"), SAID)
def test_an_amount_is_said_as_an_invoice_there_prints_it(lang: str, paise: int, text: str) -> None:
    assert money.words(Paise(paise), lang) == text


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_no_two_amounts_below_a_lakh_have_the_same_words(lang: str) -> None:
    small = [*range(100_00), *range(100_00, 1_00_000_00, 100)]
    assert len({money.words(Paise(amount), lang) for amount in small}) == len(small)


@given(amounts, st.integers(0, 12), st.integers(1, 9), languages)
def test_amounts_that_differ_in_one_digit_differ_in_words(amount: Paise, place: int, step: int, lang: str) -> None:
    digit = abs(amount) // 10**place % 10
    other = Paise(abs(amount) + ((digit + step) % 10 - digit) * 10**place)
    assert money.words(Paise(abs(amount)), lang) != money.words(other, lang)


@given(amounts.filter(bool), languages)
def test_a_negative_amount_is_the_positive_one_after_a_minus(amount: Paise, lang: str) -> None:
    minus, positive = vocabulary.of(lang).minus, money.words(Paise(abs(amount)), lang)
    negative = money.words(Paise(-abs(amount)), lang)
    assert negative.casefold() == f"{minus} {positive}".casefold()


@given(amounts, languages)
def test_words_keep_to_their_own_script(amount: Paise, lang: str) -> None:
    own = i18n.SCRIPTS.get(lang, "A-Za-z-")
    assert re.fullmatch(f"[{own}]+( [{own}]+)*", money.words(amount, lang))


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_every_number_below_a_hundred_has_a_word_of_its_own(lang: str) -> None:
    numbers = vocabulary.of(lang).numbers
    assert (len(numbers), len(set(numbers))) == (100, 100)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_lists_by_count_are_complete(lang: str) -> None:
    nouns = vocabulary.of(lang).nouns
    assert len(nouns["hundred"].by_count) in {0, 9}
    assert len(nouns["thousand"].by_count) in {0, 99}


def test_number_words_are_in_normal_form() -> None:
    assert unicodedata.is_normalized("NFC", vocabulary.SOURCE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("amount", [figures.LARGEST + 1, -figures.LARGEST - 1])
def test_what_is_beyond_words_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="too much for words"):
        money.words(Paise(amount))


def test_a_language_without_number_words_is_refused() -> None:
    with pytest.raises(KeyError):
        money.words(Paise(1), "fr")
