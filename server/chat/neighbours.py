"""Put hits together that stand side by side in a file, so that one passage is one source.

Only what stands at the same place is joined: a source that spans two pages would lead to one of them only, and rows of
a table are records of their own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from server.types import Hit

_SAME = ("page", "slide", "sheet", "part", "url")
_SPANS = ("rows", "lines")
_LONGEST_OVERLAP = 400
_TABLE_HEAD = re.compile(r"\|[^\n]*\|\n\|[\s|:-]*\|\n")
LONGEST = 2000
"""Characters of a joined source; a longer one tells nobody where to look."""


def joined(hits: Sequence[Hit]) -> list[Hit]:
    """The hits, best first, those that are neighbours as one, at the rank of the best of them."""
    rank = {id(hit): number for number, hit in enumerate(hits)}
    groups: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: (hit.chunk.knowledge_base, hit.chunk.file, hit.chunk.ordinal)):
        if groups and _adjacent(groups[-1], hit):
            groups[-1].append(hit)
        else:
            groups.append([hit])
    groups.sort(key=lambda group: min(rank[id(hit)] for hit in group))
    return [_as_one(group) for group in groups]


def _adjacent(group: Sequence[Hit], hit: Hit) -> bool:
    before, chunk = group[-1].chunk, hit.chunk
    return (
        (before.knowledge_base, before.file, before.ordinal + 1) == (chunk.knowledge_base, chunk.file, chunk.ordinal)
        and all(before.meta.get(name) == chunk.meta.get(name) for name in _SAME)
        and not before.meta.get("row")
        and not chunk.meta.get("row")
        and sum(len(each.chunk.text) for each in group) + len(chunk.text) <= LONGEST
    )


def _as_one(group: Sequence[Hit]) -> Hit:
    if len(group) == 1:
        return group[0]
    best = max(group, key=lambda hit: hit.relevance)
    text = group[0].chunk.text
    for hit in group[1:]:
        text = _continued(text, hit.chunk.text)
    meta = _meta([hit.chunk.meta for hit in group]) | {"chunk_ids": [hit.chunk.id for hit in group]}
    return replace(best, chunk=replace(best.chunk, ordinal=group[0].chunk.ordinal, text=text, meta=meta))


def _continued(text: str, following: str) -> str:
    """Neighbouring chunks share some text: what ends one begins the next; of a table the head is in both."""
    if head := _head_of_table(following):
        return f"{text}\n{following[len(head) :]}" if text.startswith(head) else f"{text}\n{following}"
    for length in range(min(len(text), len(following), _LONGEST_OVERLAP), 0, -1):
        if text.endswith(following[:length]):
            return text + following[length:]
    return f"{text}\n{following}"


def _head_of_table(text: str) -> str:
    """The first two lines of a Markdown table with the end of line, where the text begins with them."""
    found = _TABLE_HEAD.match(text)
    return found.group() if found else ""


def _meta(metas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged = dict(metas[0])
    for name in _SPANS:
        spans = [meta[name] for meta in metas if meta.get(name)]
        if spans:
            merged[name] = [min(span[0] for span in spans), max(span[-1] for span in spans)]
    boxes = [box for meta in metas for box in meta.get("boxes") or ()]
    if boxes:
        merged["boxes"] = list(map(list, dict.fromkeys(map(tuple, boxes))))
    if "headings" in merged:
        levels = zip(*(meta.get("headings") or () for meta in metas), strict=False)
        merged["headings"] = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)]
    return merged
