"""What a word of a query may have meant: itself, the same sound, a longer word it begins, or one that is nearly it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from rapidfuzz import process
from rapidfuzz.distance import OSA

from mela.services.catalog.rules.search.documents import CATEGORY, Synonyms
from mela.services.catalog.rules.search.words import heard, joined, latin, words

SAME_SOUND, BEGUN, NEAR, NEAR_BEGUN, NUMBER = 0.9, 0.8, 0.75, 0.5, 0.4
"""How much a guess counts beside the word itself. A bare number says little: `5` is in every other label."""
LIKENESS = 0.7
"""A guess differs from the word in at most three of ten letters (swapped neighbours are one), so three letters must be right."""
MOST_GUESSES, MOST_WORDS, SHORTEST_BEGUN, SHORTEST_NEARLY_BEGUN = 8, 12, 2, 4
_LIKENESS = OSA.normalized_similarity

Group = Mapping[str, float]
"""What one word of a query may have meant: words of the vocabulary, 1.0 for certain."""


@dataclass(frozen=True)
class Word:
    """A word of the index, how it sounds in Latin letters, in how many documents it is, and the best weight it has in one."""

    word: str
    latin: str
    documents: int
    weight: int


class Vocabulary:
    """All words of one version of the index. Words that only descriptions use are found as they are, never guessed."""

    def __init__(self, index: Sequence[Word], *, products: int, meaning: Synonyms) -> None:
        self._meaning = meaning
        self._products = products
        self._documents = {word.word: word.documents for word in index if word.documents}
        self._latin = {w.word: w.latin for w in index if w.weight >= CATEGORY and not w.word[0].isdigit()}
        self._sorted = sorted(self._latin)
        self._by_sound: dict[str, list[str]] = {}
        for word in self._sorted:
            self._by_sound.setdefault(heard(self._latin[word]), []).append(word)

    def groups(self, query: str) -> list[Group]:
        """For each word of a query what it may have meant; words that mean nothing here are left out."""
        typed = words(query)[:MOST_WORDS]
        found = [self._group(word, last=place == len(typed) - 1) for place, word in enumerate(typed)]
        for place, pair in enumerate(joined([self._meaning.get(word, word) for word in typed])):
            if pair in self._documents:
                found[place], found[place + 1] = {**found[place], pair: 1.0}, {**found[place + 1], pair: 1.0}
        return [group for group in found if group]

    def rarity(self, group: Group) -> float:
        """How much a word tells products apart: rare ones more. Above 0."""
        return log(1 + self._products / max(self._documents[word] for word in group))

    def _group(self, word: str, *, last: bool) -> dict[str, float]:
        if word[0].isdigit():
            return {word: NUMBER} if word in self._documents else {}
        known = [spelling for spelling in (word, self._meaning.get(word, word)) if spelling in self._documents]
        found = dict.fromkeys(self._same_sound(word), SAME_SOUND) | dict.fromkeys(known, 1.0)
        if last:
            found = self._begun(word) | found
        return found or self._near(word, last=last)

    def _same_sound(self, word: str) -> list[str]:
        sound = heard(latin(word))
        return self._by_sound.get(sound, []) if len(sound) > 1 else []

    def _begun(self, word: str) -> dict[str, float]:
        """Words that begin with this one, the shortest first: the less is missing the more it counts."""
        if len(word) < SHORTEST_BEGUN:
            return {}
        start, end = bisect_left(self._sorted, word), bisect_left(self._sorted, word + "\U0010ffff")
        longer = sorted(self._sorted[start:end], key=lambda w: (len(w), w))[:MOST_GUESSES]
        return {found: BEGUN * (0.5 + 0.5 * len(word) / len(found)) for found in longer}

    def _near(self, word: str, *, last: bool) -> dict[str, float]:
        """Words that are nearly this one as it sounds; for the last word also those it nearly begins."""
        typed = latin(word)
        found = self._alike(word, typed, self._latin, NEAR)
        if found or not last or len(typed) < SHORTEST_NEARLY_BEGUN:
            return found
        return self._alike(word, typed, {w: plain[: len(typed) + 1] for w, plain in self._latin.items()}, NEAR_BEGUN)

    @staticmethod
    def _alike(word: str, typed: str, among: Mapping[str, str], weight: float) -> dict[str, float]:
        """The words that sound most like the one typed; among these, spelling counts for as much as sound."""
        near = process.extract(typed, among, scorer=_LIKENESS, score_cutoff=LIKENESS, limit=4 * MOST_GUESSES)
        likeness = {found: (sounds + max(_LIKENESS(word, found), LIKENESS)) / 2 for _, sounds, found in near}
        best = sorted(likeness, key=lambda found: (-likeness[found], found))[:MOST_GUESSES]
        return {found: weight * likeness[found] for found in best}
