"""Where a text holds the words of a question: character ranges for clients to highlight, never markup."""

import re
from functools import lru_cache

from server.analysis import CJK, fold, has_cjk, terms
from server.retrieval.question import keywords

_RUN = re.compile(rf"[{CJK}]+|[^\W{CJK}_]+")
MOST = 60
"""Ranges of one text; more would be a painted page."""
EXCERPT = 160
"""Characters of the part that is shown first."""
Range = tuple[int, int]


def marks(question: str, text: str) -> list[Range]:
    """Ranges (start, end) of the words the text shares with the question, in reading order, not touching each other."""
    wanted = _wanted(question)
    found: list[Range] = []
    for run in _RUN.finditer(text):
        for start, end in _shared(run.group(), wanted):
            if found and run.start() + start <= found[-1][1]:
                found[-1] = (found[-1][0], run.start() + end)
            else:
                found.append((run.start() + start, run.start() + end))
    return found[:MOST]


@lru_cache(maxsize=64)
def _wanted(question: str) -> frozenset[str]:
    """The same for all sources of an answer."""
    return frozenset(terms(keywords(question)))


def _shared(run: str, wanted: frozenset[str]) -> list[Range]:
    """A word as a whole; of Chinese the pairs of characters, for a single one is in every text."""
    if not has_cjk(run):
        return [(0, len(run))] if fold(run) in wanted else []
    letters = [_folded(letter) for letter in run]
    if len(letters) == 1:
        return [(0, 1)] if letters[0] in wanted else []
    return [(at, at + 2) for at in range(len(letters) - 1) if letters[at] + letters[at + 1] in wanted]


_folded = lru_cache(maxsize=10_000)(fold)
"""The same few thousand characters make up all texts."""


def excerpt(text: str, ranges: list[Range]) -> Range:
    """The part of the text that holds most of the ranges, for a short view of it."""
    if len(text) <= EXCERPT or not ranges:
        return (0, min(len(text), EXCERPT))

    def held(first: Range) -> int:
        return sum(end - start for start, end in ranges if first[0] <= start and end <= first[0] + EXCERPT)

    start = max(0, max(ranges, key=held)[0] - EXCERPT // 8)
    return (start, min(len(text), start + EXCERPT))
