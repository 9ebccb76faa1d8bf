"""A product as search sees it: which words lead to it, and how strongly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mela.services.catalog.rules.search.words import joined, words

NAME, WORD, LABEL, CATEGORY, DESCRIPTION = 10, 8, 6, 4, 1
"""Weight of a word by where it stands. A search word was chosen by a person for this product, a description talks around."""

Synonyms = Mapping[str, str]
"""A word to the one that stands for it: `kilo` and `किलो` to `kg`."""


@dataclass(frozen=True)
class Document:
    """`weights`: by word, the best of its places. `names`: the words of its name, by language."""

    product_id: str
    position: int
    weights: dict[str, int]
    names: dict[str, list[str]]


def synonyms(groups: Iterable[Iterable[str]]) -> Synonyms:
    """Each word of a group to the first of its group, all in their search spelling."""
    spelled = [[words(word)[0] for word in group] for group in groups]
    return {word: group[0] for group in spelled for word in group}


def document(
    product_id: str, position: int, *, names: Mapping[str, str], search_words: Iterable[str], labels: Iterable[str],
    category: Iterable[str], descriptions: Iterable[str], meaning: Synonyms,
) -> Document:  # fmt: skip
    """Gather a product's words. Neighbours in names, search words and labels also count as one word."""
    weights: dict[str, int] = {}

    def add(found: Iterable[str], weight: int) -> None:
        for word in found:
            for spelling in {word, meaning.get(word, word)}:
                weights[spelling] = max(weight, weights.get(spelling, 0))

    name_words = {lang: words(name) for lang, name in names.items()}
    for weight, texts in ((NAME, name_words.values()), (WORD, map(words, search_words)), (LABEL, map(words, labels))):
        for text in texts:
            add(text, weight)
            add(joined([meaning.get(word, word) for word in text]), weight)
    for weight, plain in ((CATEGORY, category), (DESCRIPTION, descriptions)):
        for text in map(words, plain):
            add(text, weight)
    return Document(product_id, position, weights, name_words)
