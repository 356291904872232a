"""A summary without a language model: the sentences that stand nearest to what the whole text is about.

A sentence is a vector of its terms, weighted by how often they come in it and how few sentences have them; the centre
is the sum of all. Those nearest to the centre are taken, each counting less the more it repeats what was taken before
(maximal marginal relevance), and shown in reading order, word for word.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from server.analysis import has_cjk, terms
from server.llm.quotable import pieces

SENTENCES = 6
MAX_CHARACTERS = 800
SHORTEST, LONGEST = 10, 250
MOST_TEXTS, MOST_SENTENCES = 400, 2000
"""Of more, those in equal distances are looked at."""
REPEATING = 0.6
"""How much of its likeness to a sentence already taken a sentence loses."""
_SAYS_SO = {
    "zh": "以下句子摘自原文（未使用语言模型）：",
    "en": "Sentences of the text itself (no language model was used):",
}

_BULLET = re.compile(r"^[-*+•·]\s+")

Vector = dict[str, float]


def central_sentences(texts: Sequence[str]) -> list[str]:
    """The sentences that stand for the whole, in reading order."""
    sentences = _sentences(texts)
    vectors = _vectors(sentences)
    centre: Vector = defaultdict(float)
    for vector in vectors:
        for term, weight in vector.items():
            centre[term] += weight
    worth = [_likeness(vector, centre) / len(vectors) for vector in vectors]
    taken: list[int] = []
    left, characters = set(range(len(sentences))), 0
    while left and len(taken) < SENTENCES:
        best = max(left, key=lambda place: (worth[place], -place))
        left.discard(best)
        if characters + len(sentences[best]) > MAX_CHARACTERS and taken:
            continue
        taken.append(best)
        characters += len(sentences[best])
        for place in left:
            worth[place] -= REPEATING * worth[best] * _likeness(vectors[place], vectors[best])
    return [sentences[place] for place in sorted(taken)]


def extract(texts: Sequence[str]) -> str:
    """The central sentences under a line that says what they are; empty where there are no sentences."""
    found = central_sentences(texts)
    language = "zh" if has_cjk("".join(found)) else "en"
    return "\n".join([_SAYS_SO[language], *(f"- {sentence}" for sentence in found)]) if found else ""


def _sentences(texts: Sequence[str]) -> list[str]:
    """Each sentence once: neighbouring chunks share some."""
    looked_at = texts[:: len(texts) // MOST_TEXTS + 1]
    quotable = (piece for text in looked_at for piece in pieces(text) if piece.kind in ("sentence", "item", "record"))
    every = dict.fromkeys(_BULLET.sub("", " ".join(piece.text.split())) for piece in quotable)
    fitting = [sentence for sentence in every if SHORTEST <= len(sentence) <= LONGEST]
    return fitting[:: len(fitting) // MOST_SENTENCES + 1]


def _vectors(sentences: Sequence[str]) -> list[Vector]:
    """Unit vectors."""
    counted = [Counter(terms(sentence)) for sentence in sentences]
    holding = Counter(term for counts in counted for term in counts)
    total = len(sentences)
    return [
        _unit({term: (1 + math.log(times)) * math.log((1 + total) / holding[term]) for term, times in counts.items()})
        for counts in counted
    ]


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
    return {term: weight / length for term, weight in vector.items()}


def _likeness(one: Vector, other: Vector) -> float:
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())
