"""Running heads and feet: lines that come back at the edges of most pages."""

import re
from collections import Counter

from document_loaders.page_text import PlacedLine

_NUMBER = re.compile(r"[0-9]{1,6}")
_PAGE_NUMBER = re.compile(r"\W*(?:第|page|p\.?)?\d+页?(?:\W*(?:of|共|/)?\d+页?)?\W*", re.IGNORECASE)
_EDGE = 3
_MOST = 0.4  # heads of left and right pages differ, so each comes back on nearly half of the pages
_FEWEST_PAGES = 3


class RunningLines:
    """Fed with the pages of a document, some dozens at a time, so that a long one needs no more memory."""

    def __init__(self) -> None:
        self._running: set[str] = set()
        self._seen: set[str] = set()

    def without(self, first: int, pages: list[list[PlacedLine]]) -> list[list[PlacedLine]]:
        """Drop from the edges of the pages what comes back on most of them, also with a number that counts the pages.

        `first` is the number of the first of them. Bare page numbers go. Any other such line stays on the first page
        it stands on, and where it is all that a page says, so that no text is lost.
        """
        keyed = [[_keys(line.text, first + index) for line in page] for index, page in enumerate(pages)]
        counts = Counter(key for lines in keyed for key in set().union(*lines[:_EDGE], *lines[-_EDGE:]))
        needed = max(_FEWEST_PAGES, sum(map(bool, pages)) * _MOST)
        # What ran through the pages before still does in a last handful that is too small to tell.
        running = {key for key, count in counts.items() if count >= needed} | (self._running & counts.keys())
        kept: list[list[PlacedLine]] = []
        for page, lines in zip(pages, keyed, strict=True):
            kept.append(self._own_lines(page, lines, running))
            self._seen.update(key for keys in lines for key in keys if key in running)
        self._running = running
        return kept

    def _own_lines(self, page: list[PlacedLine], keyed: list[list[str]], running: set[str]) -> list[PlacedLine]:
        is_running = [
            any(key in running and (key in self._seen or _is_number(keys[0])) for key in keys) for keys in keyed
        ]
        return _without(page, is_running) or [
            line for line, (key, *_) in zip(page, keyed, strict=True) if key not in self._seen and not _is_number(key)
        ]


def _keys(line: str, page: int) -> list[str]:
    """The line as it is, then with its first or last number taken as the number of the page."""
    line = re.sub(r"\s+", "", line)
    numbers = list(_NUMBER.finditer(line))
    counted = (f"{line[: n.start()]}<{int(n.group()) - page}>{line[n.end() :]}" for n in (*numbers[:1], *numbers[-1:]))
    return [line, *counted]


def _is_number(key: str) -> bool:
    return _PAGE_NUMBER.fullmatch(key) is not None


def _without(page: list[PlacedLine], is_running: list[bool]) -> list[PlacedLine]:
    """The page from its first to its last line of its own; behind such a line nothing is taken for a running one."""
    top = next((i for i in range(min(_EDGE, len(page))) if not is_running[i]), min(_EDGE, len(page)))
    bottom = next((i for i in range(min(_EDGE, len(page) - top)) if not is_running[-1 - i]), _EDGE)
    return page[top : max(top, len(page) - bottom)]
