"""The built-in reader: answers a question with the sentences of the given sources that support it best.

No neural network: `server.llm.evidence` tells what each piece is worth. Quotes are exact.
"""

import re
from collections.abc import Sequence

from server.analysis import has_cjk
from server.llm.asking import Asking
from server.llm.evidence import OTHER_ROW, Candidate, candidates_in, covered, left_of, scores_of, weights_of
from server.llm.prompt_parts import SourceText
from server.llm.quotable import Piece

MAX_QUOTES = 5
MAX_CHARACTERS = 400
# The same where everything of a kind is asked for.
LISTED_QUOTES = 12
LISTED_CHARACTERS = 800
# Below this share of the question's weight the sources do not speak about what is asked.
SUPPORT = 0.33
# A further quote must be worth this share of the best one.
ENOUGH = 0.4
# Sentences that a heading brings along, and the length in characters below which an answer is rounded.
FIRST_SENTENCES = 2
SHORT = 80

_BEFORE_MARK = {"row": "\n\n", "code": "\n\n"}
_WIDE = "。！？；…”’」』"
_ENDED = re.compile(r"[。！？；…”’」』）.!?;)\"']$")
# A clause of its own: what stands beside it says something else.
_CLAUSE = re.compile(
    r"\s*(?:第[一二三四五六七八九十百\d]+[条章节款]|\d+(?:\.\d+)+(?!\d)|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[）)])"
)


def read(question: str, sources: Sequence[SourceText]) -> str | None:
    """An answer made of quotes, each followed by the mark `[n]` of its source; None when the sources support none."""
    if answers := [f"{source.text}\n\n[{source.number}]" for source in sources if source.whole]:
        return "\n\n".join(answers)
    asking = Asking.of(question)
    candidates = candidates_in(sources)
    if not asking.terms or not candidates:
        return None
    weights = weights_of(asking.terms, candidates)
    if _names_another_thing(asking, candidates) or covered(candidates, weights) < SUPPORT:
        return None
    left = left_of(asking.names, candidates, weights)
    scores = scores_of(asking, candidates, weights, left)
    meant = [share > OTHER_ROW for share in left]
    return _quoted(candidates, _chosen(asking, candidates, scores, meant))


def _names_another_thing(asking: Asking, candidates: Sequence[Candidate]) -> bool:
    """Whether the question is about a model or number, such as X300, of which the sources do not speak."""
    return any(not any(code in c.terms or code in c.context for c in candidates) for code in asking.codes())


def _chosen(
    asking: Asking, candidates: Sequence[Candidate], scores: Sequence[float], meant: Sequence[bool]
) -> list[int]:
    """Positions of the quotes, in reading order."""
    most, room = (LISTED_QUOTES, LISTED_CHARACTERS) if asking.listing else (MAX_QUOTES, MAX_CHARACTERS)
    ranked = sorted(range(len(candidates)), key=lambda number: (-scores[number], number))
    worth = [number for number in ranked if scores[number] >= ENOUGH * scores[ranked[0]]][:most]
    chosen: set[int] = set()
    for number in worth:
        group = [member for member in _group(candidates, number, meant) if member not in chosen]
        for member in group if len(group) > 1 or candidates[number].piece.kind != "heading" else []:
            length = len(candidates[member].piece.text)
            if length <= room or not chosen:
                chosen.add(member)
                room -= length
    return sorted(_rounded(candidates, chosen, ranked[0]))


def _rounded(candidates: Sequence[Candidate], chosen: set[int], best: int) -> set[int]:
    """A short answer gets the sentences around the best one, which often hold the reason or the details."""
    for near in (best + 1, best - 1):
        length = sum(len(candidates[number].piece.text) for number in chosen)
        if (
            0 <= near < len(candidates)
            and length < SHORT
            and candidates[near].source == candidates[best].source
            and candidates[near].piece.kind == candidates[best].piece.kind == "sentence"
            and not _CLAUSE.match(candidates[max(near, best)].piece.text)
        ):
            chosen = chosen | {near}
    return chosen


def _group(candidates: Sequence[Candidate], number: int, meant: Sequence[bool]) -> list[int]:
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
        if meant[position]:
            group.append(position)
    return group


def _quoted(candidates: Sequence[Candidate], chosen: Sequence[int]) -> str:
    """The quotes as Markdown; those that stand side by side in a source, and rows of a table, share one mark."""
    blocks: list[str] = []
    before: int | None = None
    for number in chosen:
        candidate = candidates[number]
        if before is not None and _together(candidates, before, number):
            blocks[-1] += _joint(candidates[before].piece, candidate.piece) + candidate.piece.text
        else:
            if before is not None:
                blocks[-1] += _mark(candidates[before])
            blocks.append(f"{candidate.piece.prefix}\n{candidate.piece.text}".lstrip("\n"))
        before = number
    if before is not None:
        blocks[-1] += _mark(candidates[before])
    return "\n\n".join(blocks)


def _together(candidates: Sequence[Candidate], before: int, number: int) -> bool:
    one, other = candidates[before], candidates[number]
    rows = one.piece.kind == other.piece.kind == "row" and one.piece.prefix == other.piece.prefix
    return one.source == other.source and (number == before + 1 or rows)


def _mark(candidate: Candidate) -> str:
    return f"{_BEFORE_MARK.get(candidate.piece.kind, ' ')}[{candidate.source}]"


def _joint(before: Piece, after: Piece) -> str:
    if after.kind == before.kind == "sentence":
        if not _ENDED.search(before.text):
            return "\n"
        return "" if has_cjk(before.text[-1:]) or before.text[-1] in _WIDE or has_cjk(after.text[:1]) else " "
    if after.kind == before.kind or before.kind == "lead":
        return "\n"
    if after.prefix:
        return f"\n\n{after.prefix}\n"
    return "\n\n"
