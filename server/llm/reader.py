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
SUPPORT = 0.32
# A further quote must be worth this share of the best one.
ENOUGH = 0.4
HEADING_WEIGHT = 0.5
NEIGHBOUR_WEIGHT = 0.15
CHARACTER_WEIGHT = 0.3
# A pair of characters with another one between them: 年假 for 年休假.
SHORTENED_WEIGHT = 0.6
NUMBER_BONUS = 1.25
DEFINITION_BONUS = 1.6
# Sentences that a heading brings along, and the length in characters below which an answer is rounded.
FIRST_SENTENCES = 2
SHORT = 80

_ASKING = re.compile(
    r"为什么|为何|什么样|什么|哪些|哪个|哪种|哪位|哪里|哪儿|哪一\w?|哪|如何|怎么样|怎么|怎样|多少|多久|多长时间|多长|多大|"
    r"多高|多远|几[个种天年次人岁位月点号层页条]|几小时|几分钟|以后|之内|以内|是否|能否|可否|有没有|何时|何地|何人|何种|谁|请问|请|一下|介绍|告诉我|说明|"
    r"最多|最少|至少|一般|通常|应该|可以|需要|吗|呢|"
    r"\bhow (?:long|many|much|far|often|quickly|fast|soon|large|big|old|high)\b",
    re.I,
)
_COUNTING = re.compile(
    r"多少|几|何时|时候|时间|日期|哪一?年|年代|多大|多长|多高|多远|when|how (?:many|much|long|old|far)|year|date", re.I
)
_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千万亿两][个年月日人种次名座岁米天]")
_DEFINING = re.compile(
    r"^(?:请问)?什么是(.+?)[？?]?$|^(.+?)(?:指的)?是个?什么(?:意思)?[？?]?$|"
    r"^what (?:is|are) (?:an? |the )?(.+?)\??$",
    re.I,
)
_DEFINITION = re.compile(r"是|指|为|即|\b(?:is|are|means)\b")
_CODE = re.compile(r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]+")
_BEFORE_MARK = {"row": "\n\n", "code": "\n\n"}
_FUNCTION_CHARACTERS = frozenset("的是了在和与及有为被把吗呢于以之其中都也就而着过个这那由从到对上下能要会")
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
    shortened: frozenset[str]

    def share(self, term: str) -> float:
        """How far the piece speaks of a term by itself, in [0, 1]."""
        return 1.0 if term in self.terms else SHORTENED_WEIGHT if term in self.shortened else 0.0


def read(question: str, sources: Sequence[SourceText]) -> str | None:
    """An answer made of quotes, each followed by the mark `[n]` of its source; None when the sources support none."""
    wanted = _wanted(question)
    candidates = _candidates(sources)
    if not wanted or not candidates:
        return None
    weights = _weights(wanted, candidates)
    if _names_another_thing(wanted, candidates) or _covered(candidates, weights) < SUPPORT:
        return None
    scores = _scores(question, candidates, weights)
    return _quoted(candidates, _chosen(candidates, scores))


def _names_another_thing(wanted: Iterable[str], candidates: Sequence[_Candidate]) -> bool:
    """Whether the question is about a model or number, such as X300, of which the sources do not speak."""
    return any(_CODE.fullmatch(t) and not any(t in c.terms or t in c.context for c in candidates) for t in wanted)


def _wanted(question: str) -> frozenset[str]:
    """The terms of a question without the words that only ask."""
    return _meaning(_ASKING.sub(" ", question)) or _meaning(question)


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
            found.append(
                _Candidate(source.number, position, piece, _meaning(piece.text), context, _shortened(piece.text))
            )
    return _without_repetitions(found)


def _shortened(text: str) -> frozenset[str]:
    """Pairs of Chinese characters that have one more between them."""
    return frozenset(
        first + last
        for first, between, last in zip(text, text[1:], text[2:], strict=False)
        if has_cjk(first) and has_cjk(between) and has_cjk(last)
    )


def _without_repetitions(candidates: list[_Candidate]) -> list[_Candidate]:
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


def _weights(wanted: Iterable[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """How much each term of the question counts: rare ones more, single characters and no words less."""
    holding = Counter(term for candidate in candidates for term in candidate.terms)
    named = holding.keys() | frozenset().union(*(candidate.context for candidate in candidates))
    pairs = [term for term in wanted if term in named and _is_pair(term)]
    firsts, lasts = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}

    def substance(term: str) -> float:
        # A pair nobody wrote, of the end of one known word or the beginning of another, is no word of its own.
        across = _is_pair(term) and term not in named and (term[0] in lasts or term[1] in firsts)
        return CHARACTER_WEIGHT if across or (len(term) == 1 and has_cjk(term)) else 1.0

    return {term: math.log(1 + len(candidates) / (holding[term] + 0.5)) * substance(term) for term in wanted}


def _is_pair(term: str) -> bool:
    return len(term) == 2 and has_cjk(term)


def _covered(candidates: Sequence[_Candidate], weights: dict[str, float]) -> float:
    """The share of the question that the best piece together with its heading speaks about."""
    total = sum(weights.values())
    return (
        max(sum(weight * (1.0 if t in c.context else c.share(t)) for t, weight in weights.items()) for c in candidates)
        / total
    )


def _scores(question: str, candidates: Sequence[_Candidate], weights: dict[str, float]) -> list[float]:
    own = [_own_score(candidate, weights) for candidate in candidates]
    counting = _COUNTING.search(question) is not None
    defining = _DEFINING.search(question)
    subject = "".join(part or "" for part in defining.groups()).strip().lower() if defining else ""
    scores = []
    for number, (candidate, score) in enumerate(zip(candidates, own, strict=True)):
        text = candidate.piece.text.lower()
        above = own[number - 1] if number and candidates[number - 1].source == candidate.source else 0.0
        total = score + NEIGHBOUR_WEIGHT * above
        if counting and _NUMBER.search(text):
            total *= NUMBER_BONUS
        if subject and subject in text[: len(subject) + 8] and _DEFINITION.search(text[: len(subject) + 60]):
            total *= DEFINITION_BONUS
        scores.append(total)
    return scores


def _own_score(candidate: _Candidate, weights: dict[str, float]) -> float:
    own = sum(weight * candidate.share(term) for term, weight in weights.items())
    above = sum(weights[term] for term in weights if term in candidate.context and not candidate.share(term))
    return own + HEADING_WEIGHT * above


def _chosen(candidates: Sequence[_Candidate], scores: Sequence[float]) -> list[int]:
    """Positions of the quotes, in reading order."""
    ranked = sorted(range(len(candidates)), key=lambda number: (-scores[number], number))
    worth = [number for number in ranked if scores[number] >= ENOUGH * scores[ranked[0]]][:MAX_QUOTES]
    chosen: set[int] = set()
    room = MAX_CHARACTERS
    for number in worth:
        group = [member for member in _group(candidates, number) if member not in chosen]
        for member in group if len(group) > 1 or candidates[number].piece.kind != "heading" else []:
            length = len(candidates[member].piece.text)
            if length <= room or not chosen:
                chosen.add(member)
                room -= length
    return sorted(_rounded(candidates, chosen, ranked[0]))


def _rounded(candidates: Sequence[_Candidate], chosen: set[int], best: int) -> set[int]:
    """A short answer gets the sentences around the best one, which often hold the reason or the details."""
    for near in (best + 1, best - 1):
        length = sum(len(candidates[number].piece.text) for number in chosen)
        if (
            0 <= near < len(candidates)
            and length < SHORT
            and candidates[near].source == candidates[best].source
            and candidates[near].piece.kind == candidates[best].piece.kind == "sentence"
        ):
            chosen = chosen | {near}
    return chosen


def _group(candidates: Sequence[_Candidate], number: int) -> list[int]:
    """A piece that announces others brings them along: list, rows or code; a heading also what is said first."""
    first = candidates[number]
    if first.piece.kind not in ("heading", "lead"):
        return [number]
    group = [number]
    for position in range(number + 1, len(candidates)):
        candidate = candidates[position]
        if candidate.source != first.source or candidate.piece.kind == "heading":
            break
        said = candidate.piece.kind in ("sentence", "lead")
        if said and (first.piece.kind == "lead" or len(group) > FIRST_SENTENCES):
            break
        group.append(position)
    return group


def _quoted(candidates: Sequence[_Candidate], chosen: Sequence[int]) -> str:
    """The quotes as Markdown; those that stand side by side in a source share one mark."""
    blocks: list[str] = []
    for position, number in enumerate(chosen):
        candidate = candidates[number]
        beside = (
            position > 0 and number == chosen[position - 1] + 1 and candidates[number - 1].source == candidate.source
        )
        if beside:
            blocks[-1] += _joint(candidates[number - 1].piece, candidate.piece) + candidate.piece.text
        else:
            blocks.append(f"{candidate.piece.prefix}\n{candidate.piece.text}".lstrip("\n"))
        last = position + 1 == len(chosen) or chosen[position + 1] != number + 1
        if last or candidates[number + 1].source != candidate.source:
            blocks[-1] += f"{_BEFORE_MARK.get(candidate.piece.kind, ' ')}[{candidate.source}]"
    return "\n\n".join(blocks)


def _joint(before: Piece, after: Piece) -> str:
    if after.kind == before.kind == "sentence":
        return "" if before.text[-1] in "。！？；…”’」』" or has_cjk(after.text[:1]) else " "
    if after.kind == before.kind or before.kind == "lead":
        return "\n"
    if after.prefix:
        return f"\n\n{after.prefix}\n"
    return "\n\n"
