"""What a query may have meant, and which product comes first."""

import pytest

from mela.services.catalog.rules.search import documents, ranking
from mela.services.catalog.rules.search.documents import Document
from mela.services.catalog.rules.search.vocabulary import Vocabulary, Word
from mela.services.catalog.rules.search.words import latin

MEANING = documents.synonyms([["kg", "kilo", "किलो"], ["red", "laal", "लाल"]])
SHELF = [
    ("ghee", "Ghee", "घी", ["desi ghee"], ["1 kg"], "Clarified butter for cooking"),
    ("ghee-biscuits", "Ghee biscuits", "घी बिस्किट", [], ["200 g"], "Crisp biscuits"),
    ("rice", "Basmati rice", "बासमती चावल", ["chawal"], ["5 kg", "10 kg"], "Long grains for biryani"),
    ("smartphone", "Smartphone", "स्मार्टफोन", ["mobile phone"], ["Red"], "A phone with a camera"),
    ("cover", "Smartphone cover", "स्मार्टफोन कवर", [], ["Red", "Blue"], "Fits many"),
    ("saree", "Cotton saree", "सूती साड़ी", [], ["Red", "Green"], "For every day"),
    ("power-bank", "Power bank", "पावर बैंक", [], [], "Charges twice"),
]


def _document(place: int, shelf: tuple[str, str, str, list[str], list[str], str]) -> Document:
    product_id, english, hindi, search_words, labels, description = shelf
    return documents.document(
        product_id, place, names={"en": english, "hi": hindi}, search_words=search_words, labels=labels,
        category=["Everything"], descriptions=[description], meaning=MEANING,
    )  # fmt: skip


DOCUMENTS = [_document(place, shelf) for place, shelf in enumerate(SHELF, 1)]


def _vocabulary() -> Vocabulary:
    words = sorted({word for document in DOCUMENTS for word in document.weights})
    index = [
        Word(
            word, latin(word), sum(word in d.weights for d in DOCUMENTS), max(d.weights.get(word, 0) for d in DOCUMENTS)
        )
        for word in words
    ]
    return Vocabulary(index, products=len(DOCUMENTS), meaning=MEANING)


VOCABULARY = _vocabulary()


def found(query: str) -> list[str]:
    groups = VOCABULARY.groups(query)
    some = [d for d in DOCUMENTS if any(word in d.weights for group in groups for word in group)]
    return [d.product_id for d in ranking.rank(VOCABULARY, groups, some)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("ghee", "ghee"), ("घी", "ghee"), ("ghee biscuits", "ghee-biscuits"), ("smrtphone", "smartphone"),
        ("smartphone cover", "cover"), ("smart phone", "smartphone"), ("smartph", "smartphone"), ("smrtph", "smartphone"),
        ("chaval", "rice"), ("basmati चावल", "rice"), ("rice 5kg", "rice"), ("rice 5 kilo", "rice"), ("5 किलो chawal", "rice"),
        ("laal saree", "saree"), ("साडी लाल", "saree"), ("powerbank", "power-bank"), ("power bnak", "power-bank"),
        ("biryani", "rice"), ("सूती साड़ी", "saree"),
    ],
)  # fmt: skip
def test_the_product_that_was_meant_comes_first(query: str, first: str) -> None:
    assert found(query)[0] == first


@pytest.mark.parametrize("query", ["", "!!!", "qqqqzzzz", "7", "0.5", "x"])
def test_what_means_nothing_finds_nothing(query: str) -> None:
    assert found(query) == []


def test_words_of_descriptions_are_found_but_never_guessed() -> None:
    assert found("biryani") == ["rice"]
    assert found("biriyani") == []


def test_products_that_match_far_less_than_the_best_are_left_out() -> None:
    assert found("basmati rice 10 kg") == ["rice"]


def test_equals_stand_in_the_catalogues_order_whatever_order_they_come_in() -> None:
    groups = VOCABULARY.groups("red")
    red = [d for d in DOCUMENTS if "red" in d.weights and d.product_id != "cover"]
    assert ranking.rank(VOCABULARY, groups, red) == ranking.rank(VOCABULARY, groups, red[::-1])


def test_a_name_is_told_in_the_language_that_was_typed() -> None:
    rice = DOCUMENTS[2]
    assert ranking.typed_language(VOCABULARY.groups("बासमती"), rice, "en") == "hi"
    assert ranking.typed_language(VOCABULARY.groups("basmati rice"), rice, "hi") == "en"
    assert ranking.typed_language(VOCABULARY.groups("biryani"), rice, "hi") == "hi"


def test_a_long_query_is_cut() -> None:
    assert len(VOCABULARY.groups("ghee " * 50)) == 12


def test_an_empty_index_answers() -> None:
    empty = Vocabulary([], products=0, meaning={})
    assert ranking.rank(empty, empty.groups("ghee 5 kg"), []) == []
