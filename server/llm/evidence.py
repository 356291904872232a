"""How far each piece of the sources speaks about what is asked.

A piece counts by the question's words it holds, rare ones (within the sources) more than common ones, and by what
stands right above it. Where the question names something, such as a code or a day, other things count less; of the
rows of a table count those that hold what its head and heading do not say already.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.analysis import fold, has_cjk
from server.llm.asking import HALVES, Asking, meaning, names_in
from server.llm.prompt_parts import SourceText
from server.llm.quotable import Piece, pieces

HEADING_WEIGHT = 0.5
NEIGHBOUR_WEIGHT = 0.15
CHARACTER_WEIGHT = 0.3
# A pair with a character that is a word of its own: 上海, but also 天上 in 今天上班.
HALF_WEIGHT = 0.5
UNKNOWN_HALF_WEIGHT = 0.1
# A pair of characters with another one between them: 年假 for 年休假.
SHORTENED_WEIGHT = 0.6
NUMBER_BONUS = 1.25
DEFINITION_BONUS = 1.6
# What is left of a piece that is about another thing than the one the question names.
OTHER_THING = 0.35
# A row is meant when its cells hold this share of what those of the best row of its table hold; what is left of others.
MEANT = 0.5
OTHER_ROW = 0.2

_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千万亿两][个年月日人种次名座岁米天]")
_DEFINITION = re.compile(r"是|指|为|即|\b(?:is|are|means)\b")
_DIGIT = re.compile(r"\d")
_FIELD_NAME = re.compile(r"^[^:：\n]+(?=[:：])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece that may be quoted. `above` is its place: file, page, heading, head of the table."""

    source: int
    piece: Piece
    above: str
    terms: frozenset[str]
    context: frozenset[str]
    shortened: frozenset[str]

    def share(self, term: str) -> float:
        """How far the piece speaks of a term by itself, in [0, 1]."""
        return 1.0 if term in self.terms else SHORTENED_WEIGHT if term in self.shortened else 0.0

    @property
    def table(self) -> tuple[int, str, tuple[str, ...]] | None:
        """What the rows of a table, or records with the same fields, have in common; None for other pieces."""
        if self.piece.kind == "row":
            return self.source, self.piece.prefix, ()
        return (0, "", tuple(_FIELD_NAME.findall(self.piece.text))) if self.piece.kind == "record" else None


def candidates_in(sources: Sequence[SourceText]) -> list[Candidate]:
    """The pieces of all sources in reading order, each once."""
    found: list[Candidate] = []
    contexts: dict[str, frozenset[str]] = {}
    for source in sources:
        for piece in pieces(source.text):
            above = f"{source.place} {source.file.rsplit('.', 1)[0]} {piece.heading} {piece.prefix}"
            context = contexts.get(above) or contexts.setdefault(above, meaning(above))
            own = meaning(piece.text)
            found.append(Candidate(source.number, piece, above, own, context, _shortened(piece.text)))
    return _without_repetitions(found)


def _shortened(text: str) -> frozenset[str]:
    """Pairs of Chinese characters that have one more between them."""
    return frozenset(
        first + last
        for first, between, last in zip(text, text[1:], text[2:], strict=False)
        if has_cjk(first) and has_cjk(between) and has_cjk(last)
    )


def _without_repetitions(candidates: list[Candidate]) -> list[Candidate]:
    """Neighbouring sources overlap: of pieces that are equal one stays, and none that is the torn end of another."""
    return [
        one
        for number, one in enumerate(candidates)
        if not any(
            _repeats(one.piece, other.piece, earlier=place < number)
            for place, other in enumerate(candidates)
            if other.source != one.source
        )
    ]


def _repeats(one: Piece, other: Piece, *, earlier: bool) -> bool:
    if one.text == other.text:
        return earlier
    return one.kind == "sentence" and (other.text.startswith(one.text) or other.text.endswith(one.text))


def weights_of(wanted: Iterable[str], candidates: Sequence[Candidate]) -> dict[str, float]:
    """How much each term of the question counts: rare ones more, single characters and no words less."""
    holding = Counter(term for candidate in candidates for term in candidate.terms)
    named = holding.keys() | frozenset().union(*(candidate.context for candidate in candidates))
    pairs = [term for term in wanted if term in named and _is_pair(term)]
    firsts, lasts = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}

    def substance(term: str) -> float:
        # A pair nobody wrote, of the end of one known word or the beginning of another, is no word of its own.
        across = _is_pair(term) and term not in named and (term[0] in lasts or term[1] in firsts)
        if across or (len(term) == 1 and has_cjk(term)):
            return CHARACTER_WEIGHT
        return 1.0 if not HALVES.intersection(term) else HALF_WEIGHT if term in named else UNKNOWN_HALF_WEIGHT

    return {term: math.log(1 + len(candidates) / (holding[term] + 0.5)) * substance(term) for term in wanted}


def _is_pair(term: str) -> bool:
    return len(term) == 2 and has_cjk(term)


def covered(candidates: Sequence[Candidate], weights: dict[str, float]) -> float:
    """The share of the question that the best piece together with its heading speaks about."""
    total = sum(weights.values())
    return (
        max(sum(weight * (1.0 if t in c.context else c.share(t)) for t, weight in weights.items()) for c in candidates)
        / total
    )


def left_of(names: Sequence[str], candidates: Sequence[Candidate], weights: dict[str, float]) -> list[float]:
    """What is left of each candidate's worth where others are rather meant: `OTHER_ROW` or less of a row."""
    return [
        row * other
        for row, other in zip(_rows_meant(candidates, weights), _things_meant(names, candidates), strict=True)
    ]


def scores_of(
    asking: Asking, candidates: Sequence[Candidate], weights: dict[str, float], left: Sequence[float]
) -> list[float]:
    """What each candidate is worth as an answer."""
    own = [_own_score(candidate, weights) for candidate in candidates]
    scores = []
    for number, (candidate, score) in enumerate(zip(candidates, own, strict=True)):
        text = candidate.piece.text.lower()
        above = own[number - 1] if number and candidates[number - 1].source == candidate.source else 0.0
        total = (score + NEIGHBOUR_WEIGHT * above) * left[number]
        if asking.counting and _NUMBER.search(text):
            total *= NUMBER_BONUS
        subject = asking.subject
        if subject and subject in text[: len(subject) + 8] and _DEFINITION.search(text[: len(subject) + 60]):
            total *= DEFINITION_BONUS
        scores.append(total)
    return scores


def _own_score(candidate: Candidate, weights: dict[str, float]) -> float:
    own = sum(weight * candidate.share(term) for term, weight in weights.items())
    above = sum(weights[term] for term in weights if term in candidate.context and not candidate.share(term))
    return own + HEADING_WEIGHT * above


def _rows_meant(candidates: Sequence[Candidate], weights: dict[str, float]) -> list[float]:
    """What is left of each candidate when it is a row beside others that are rather meant."""
    tables: dict[object, list[int]] = defaultdict(list)
    for number, candidate in enumerate(candidates):
        if candidate.table:
            tables[candidate.table].append(number)
    left = [1.0] * len(candidates)
    for members in tables.values():
        rows = [candidates[member] for member in members]
        worth = _apart_from_each_other(rows, _announced(candidates, members))
        told = [sum(weights.get(term, 0.0) for term in terms) for terms in worth]
        if _heads([row.piece.text for row in rows], told):
            continue
        for member, value in zip(members, told, strict=True):
            if value < MEANT * max(told):
                left[member] = OTHER_ROW
    return left


def _heads(rows: Sequence[str], told: Sequence[float]) -> bool:
    """Whether the first row is a second head, without a number above numbers, and what is asked stands in it."""
    first, *below = (_DIGIT.search(row) is not None for row in rows)
    return told[0] == max(told) > 0 and not first and any(below)


def _announced(candidates: Sequence[Candidate], members: Sequence[int]) -> frozenset[str]:
    """What is said of a table right before it."""
    before = members[0] - 1
    said = before >= 0 and candidates[before].source == candidates[members[0]].source
    return candidates[before].terms if said and not candidates[before].table else frozenset()


def _apart_from_each_other(rows: Sequence[Candidate], announced: frozenset[str]) -> list[frozenset[str]]:
    """The words by which rows differ: no single characters, nothing that all say or that is said above them."""
    common = frozenset.intersection(*(row.terms for row in rows)) if len(rows) > 1 else frozenset()
    return [
        frozenset(t for t in row.terms - row.context - announced - common if len(t) > 1 or not has_cjk(t))
        for row in rows
    ]


def _things_meant(names: Sequence[str], candidates: Sequence[Candidate]) -> list[float]:
    """What is left of each candidate when the question names something: a section speaks of what any piece names."""
    own = [names_in(names, fold(candidate.piece.text)) for candidate in candidates]
    above = [names_in(names, fold(candidate.above)) for candidate in candidates]
    told = {
        (candidate.source, candidate.piece.heading)
        for candidate, here, there in zip(candidates, own, above, strict=True)
        if here or there
    }
    if not told:
        return [1.0] * len(candidates)
    in_rows = any(here and candidate.table for candidate, here in zip(candidates, own, strict=True))
    left = []
    for candidate, here in zip(candidates, own, strict=True):
        if candidate.table and in_rows:
            left.append(1.0 if here else OTHER_ROW)
        else:
            left.append(1.0 if (candidate.source, candidate.piece.heading) in told else OTHER_THING)
    return left
