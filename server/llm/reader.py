"""The built-in reader: answers a question with the sentences of the given sources that support it best.

No neural network: a sentence counts by the question's words it holds, rare ones (within the sources) more than common
ones, and by what stands right above it. Quotes are exact.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.analysis import has_cjk, terms
from server.llm.prompt_parts import SourceText
from server.llm.quotable import Piece, pieces

MAX_QUOTES = 5
MAX_CHARACTERS = 400
# Below this share of the question's weight the sources do not speak about what is asked.
SUPPORT = 0.3
# A further quote must be worth this share of the best one.
ENOUGH = 0.55
HEADING_WEIGHT = 0.5
NEIGHBOUR_WEIGHT = 0.15
CHARACTER_WEIGHT = 0.3

_ASKING = re.compile(
    r"为什么|为何|什么样|什么|哪些|哪个|哪种|哪位|哪里|哪儿|哪一\w?|哪|如何|怎么样|怎么|怎样|多少|几个|几种|是否|能否|可否|有没有|"
    r"何时|何地|何人|何种|谁|请问|请|一下|介绍|告诉我|说明|吗|呢"
)
_COUNTING = re.compile(
    r"多少|几|何时|时候|时间|日期|哪一?年|年代|多大|多长|多高|多远|when|how (?:many|much|long|old|far)|year|date", re.I
)
_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千万亿两][个年月日人种次名座岁米天]")
_FUNCTION_CHARACTERS = frozenset("的是了在和与及有为被把吗呢于以之其中都也就而着过个这那由从到对上下")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be by can could did do does for from had has have how i in into is it its many much me "
        "my of on or our please say says tell than that the their them there these they this those to was we were what "
        "when where which who whom whose why will with would you your about",
    )
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: int
    position: int
    piece: Piece
    terms: frozenset[str]
    context: frozenset[str]


def read(question: str, sources: Sequence[SourceText]) -> str | None:
    """An answer made of quotes, each followed by the mark `[n]` of its source; None when the sources support none."""
    wanted = _wanted(question)
    candidates = _candidates(sources)
    if not wanted or not candidates:
        return None
    weights = _weights(wanted, candidates)
    if _covered(candidates, weights) < SUPPORT:
        return None
    counting = _COUNTING.search(question) is not None
    scores = _scores(candidates, weights, counting)
    return _quoted(candidates, _chosen(candidates, scores))


def _wanted(question: str) -> frozenset[str]:
    """The terms of a question without the words that only ask."""
    rest = _ASKING.sub(" ", question) if has_cjk(question) else question
    return _meaning(rest) or _meaning(question)


def _meaning(text: str) -> frozenset[str]:
    return frozenset(
        _stem(term)
        for term in terms(text)
        if term not in _FUNCTION_WORDS and not (has_cjk(term) and _FUNCTION_CHARACTERS.intersection(term))
    )


def _stem(term: str) -> str:
    """Fold the commonest endings of English words."""
    if term.isascii() and term.isalpha() and len(term) > 4:
        return re.sub(r"(?:ies|es|s|ing|ed|e|y)$", "", term)
    return term


def _candidates(sources: Sequence[SourceText]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for source in sources:
        place = _meaning(f"{source.place} {source.file.rsplit('.', 1)[0]}")
        for position, piece in enumerate(pieces(source.text)):
            context = place | _meaning(piece.heading) | _meaning(piece.prefix)
            found.append(_Candidate(source.number, position, piece, _meaning(piece.text), context))
    return _without_repetitions(found)


def _without_repetitions(candidates: list[_Candidate]) -> list[_Candidate]:
    """Neighbouring sources overlap: of a sentence and a fragment of it only the sentence stays."""
    kept: list[_Candidate] = []
    for number, one in enumerate(candidates):
        longer = (
            other
            for place, other in enumerate(candidates)
            if one.piece.text in other.piece.text
            and other.source != one.source
            and (len(other.piece.text) > len(one.piece.text) or place < number)
        )
        if next(longer, None) is None:
            kept.append(one)
    return kept


def _weights(wanted: Iterable[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    holding = Counter(term for candidate in candidates for term in candidate.terms)
    return {term: math.log(1 + len(candidates) / (holding[term] + 0.5)) * _substance(term) for term in wanted}


def _substance(term: str) -> float:
    return CHARACTER_WEIGHT if len(term) == 1 and has_cjk(term) else 1.0


def _covered(candidates: Sequence[_Candidate], weights: dict[str, float]) -> float:
    """The share of the question that the best piece together with its heading speaks about."""
    total = sum(weights.values())
    return (
        max(sum(weights[term] for term in weights if term in c.terms or term in c.context) for c in candidates) / total
    )


def _scores(candidates: Sequence[_Candidate], weights: dict[str, float], counting: bool) -> list[float]:
    own = [_own_score(candidate, weights) for candidate in candidates]
    scores = []
    for number, (candidate, score) in enumerate(zip(candidates, own, strict=True)):
        above = own[number - 1] if number and candidates[number - 1].source == candidate.source else 0.0
        total = score + NEIGHBOUR_WEIGHT * above
        if counting and _NUMBER.search(candidate.piece.text):
            total *= 1.25
        scores.append(total)
    return scores


def _own_score(candidate: _Candidate, weights: dict[str, float]) -> float:
    own = sum(weights[term] for term in weights if term in candidate.terms)
    above = sum(weights[term] for term in weights if term in candidate.context and term not in candidate.terms)
    return own + HEADING_WEIGHT * above


def _chosen(candidates: Sequence[_Candidate], scores: Sequence[float]) -> list[int]:
    """Positions of the quotes, in reading order."""
    ranked = sorted(range(len(candidates)), key=lambda number: (-scores[number], number))
    chosen: dict[int, None] = {}
    room = MAX_CHARACTERS
    for number in ranked:
        if len(chosen) >= MAX_QUOTES or scores[number] < ENOUGH * scores[ranked[0]]:
            break
        for member in _group(candidates, number):
            length = len(candidates[member].piece.text)
            if member not in chosen and (length <= room or not chosen):
                chosen[member] = None
                room -= length
    return sorted(chosen)


def _group(candidates: Sequence[_Candidate], number: int) -> list[int]:
    """A piece that announces others brings them along."""
    first = candidates[number]
    if first.piece.kind not in ("heading", "lead"):
        return [number]
    group = [number]
    for position in range(number + 1, len(candidates)):
        candidate = candidates[position]
        if candidate.source != first.source or candidate.piece.kind == "heading":
            break
        if first.piece.kind == "lead" and candidate.piece.kind not in ("item", "row", "record", "code"):
            break
        group.append(position)
    return group


def _quoted(candidates: Sequence[_Candidate], chosen: Sequence[int]) -> str:
    lines: list[str] = []
    for number in chosen:
        candidate = candidates[number]
        lines.append(f"{candidate.piece.text} [{candidate.source}]")
    return "\n\n".join(lines)
