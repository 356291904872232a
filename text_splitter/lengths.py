"""How long a text is: in characters, or in the tokens of a tokenizer.

A splitter asks a `Ruler` of one text how far a number of units reaches. Tokens are counted once for the whole text; a
piece of it may have a few more when counted alone, so whoever must keep a size checks the piece with `count`.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Ruler(Protocol):
    """Measures in one text; places are character offsets, amounts are units."""

    def reach(self, start: int, amount: int) -> int:
        """The end of `amount` units from `start` on, possibly beyond the text; at least one character further."""
        ...

    def back(self, end: int, amount: int) -> int:
        """Where the last `amount` units before `end` start, possibly below 0."""
        ...


class Lengths(Protocol):
    """A way to measure."""

    def count(self, text: str) -> int:
        """How many units a text has, counted alone."""
        ...

    def ruler(self, text: str) -> Ruler:
        """Measures inside of this text."""
        ...


class Characters:
    """Lengths in characters (Unicode code points); the ruler of every text is the same."""

    def count(self, text: str) -> int:
        """The number of characters."""
        return len(text)

    def ruler(self, text: str) -> Ruler:
        """Measures inside of this text."""
        return self

    def reach(self, start: int, amount: int) -> int:
        """The end of `amount` characters from `start` on, possibly beyond the text."""
        return start + max(1, amount)

    def back(self, end: int, amount: int) -> int:
        """Where the last `amount` characters before `end` start, possibly below 0."""
        return end - amount


@dataclass(frozen=True, slots=True)
class Tokens:
    """Lengths in tokens. `starts` gives for each token of a text the character it starts at, in order."""

    starts: Callable[[str], Sequence[int]]

    def count(self, text: str) -> int:
        """The number of tokens."""
        return len(self.starts(text))

    def ruler(self, text: str) -> Ruler:
        """Measures inside of this text."""
        return _TokenRuler(self.starts(text), len(text))


@dataclass(frozen=True, slots=True)
class _TokenRuler:
    starts: Sequence[int]
    length: int

    def reach(self, start: int, amount: int) -> int:
        index = bisect_left(self.starts, start) + max(0, amount)
        end = self.starts[index] if index < len(self.starts) else self.length
        return max(end, start + 1)

    def back(self, end: int, amount: int) -> int:
        index = bisect_left(self.starts, end) - amount
        if index >= len(self.starts):
            return end
        return self.starts[index] if index > 0 else 0
