"""Which headings are in force on a page, told by the bookmarks of a PDF."""

from collections.abc import Sequence
from itertools import takewhile


class Outline:
    """Made of (page, level, title) of the bookmarks in their order, pages and levels from 1."""

    def __init__(self, bookmarks: Sequence[tuple[int, int, str]]) -> None:
        self._paths: list[tuple[int, list[str]]] = []
        path: list[tuple[int, str]] = []
        for page, level, title in bookmarks:
            path = [*(step for step in path if step[0] < level), (level, " ".join(title.split()))]
            self._paths.append((page, [text for _, text in path if text]))
        # Bookmarks may stand in any order; those of one page keep theirs.
        self._paths.sort(key=lambda entry: entry[0])

    def headings(self, page: int) -> list[str]:
        """The path that all headings on the page share, else the first of them; without any, the last one before."""
        here = [path for number, path in self._paths if number == page]
        if not here:
            return next((path for number, path in reversed(self._paths) if number < page), [])
        deepest = [path for path, after in zip(here, [*here[1:], []], strict=True) if after[: len(path)] != path]
        shared = [steps[0] for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*deepest, strict=False))]
        return shared or here[0]
