"""The order of the products found."""

from collections.abc import Iterable, Sequence

from mela.services.catalog.rules.search.documents import Document
from mela.services.catalog.rules.search.vocabulary import Group, Vocabulary

WHOLE_NAME = 0.5
"""A product whose whole name was asked for counts this much more than one whose name only contains the words."""
ENOUGH = 0.5
"""Products that match less than this share of what the best one matches are left out."""


def rank(vocabulary: Vocabulary, groups: Sequence[Group], documents: Iterable[Document]) -> list[Document]:
    """The documents, best first; equals in the catalogue's order."""
    if not groups:
        return []
    rarity = [vocabulary.rarity(group) for group in groups]
    scored = [(_matched(rarity, groups, d), _score(rarity, groups, d), d) for d in documents]
    enough = ENOUGH * max((matched for matched, _, _ in scored), default=0)
    good = [(score, d) for matched, score, d in scored if matched >= enough]
    return [d for _, d in sorted(good, key=lambda item: (-item[0], item[1].position))]


def typed_language(groups: Sequence[Group], document: Document, preferred: str) -> str:
    """The language in which the document's name holds most of what was asked; of equals the preferred one, else the first."""
    shares = {lang: _share(groups, name) for lang, name in document.names.items()}
    return max(shares, key=lambda lang: (shares[lang], lang == preferred))


def _matched(rarity: Sequence[float], groups: Sequence[Group], document: Document) -> float:
    """How much of the query the document knows at all."""
    return sum(
        worth * max((sure for word, sure in group.items() if word in document.weights), default=0)
        for worth, group in zip(rarity, groups, strict=True)
    )


def _score(rarity: Sequence[float], groups: Sequence[Group], document: Document) -> float:
    weights = document.weights
    best = sum(
        worth * max(sure * weights.get(word, 0) for word, sure in group.items())
        for worth, group in zip(rarity, groups, strict=True)
    )
    return best * (1 + WHOLE_NAME * max(_share(groups, name) for name in document.names.values()))


def _share(groups: Sequence[Group], name: Sequence[str]) -> float:
    """The share of a name's words that were asked for, as sure as it is that they were meant."""
    return sum(max(group.get(word, 0) for group in groups) for word in name) / max(len(name), 1)
