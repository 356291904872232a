"""Fit a growing conversation with tools into what a model can take in.

What gives way, in this order: the oldest earlier turns, then the oldest tool results, which keep their beginning, and
last the end of the newest tool result. Instructions, question and calls stay as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Count = Callable[[str], int]
SHORTENED = 300
"""Characters an older tool result keeps when there is no room for all of it."""
_OVERHEAD = 16
"""Tokens around each message."""
_MARK = "\n(shortened)"


@dataclass(frozen=True, slots=True)
class Part:
    """One message: what may be done to it depends on its kind."""

    text: str
    kind: Literal["fixed", "earlier", "result"] = "fixed"


def fitted(parts: Sequence[Part], room: int, tokens: Count) -> list[str | None]:
    """The texts that fit into `room` tokens, in their order; None for what is left out."""
    texts: list[str | None] = [part.text for part in parts]
    costs = [tokens(part.text) + _OVERHEAD for part in parts]

    def change(position: int, text: str | None) -> None:
        texts[position] = text
        costs[position] = 0 if text is None else tokens(text) + _OVERHEAD

    results = [position for position, part in enumerate(parts) if part.kind == "result"]
    earlier = [position for position, part in enumerate(parts) if part.kind == "earlier"]
    for first in range(0, len(earlier), 2):  # question and answer go together
        if sum(costs) > room:
            for position in earlier[first : first + 2]:
                change(position, None)
    for position in results[:-1]:
        if sum(costs) > room and len(parts[position].text) > SHORTENED:
            change(position, parts[position].text[:SHORTENED] + _MARK)
    if results and sum(costs) > room:
        over = sum(costs) - room
        newest = parts[results[-1]].text
        change(results[-1], _ended(newest, over, tokens))
    return texts


def _ended(text: str, over: int, tokens: Count) -> str:
    """The text with its end taken away until it costs `over` tokens less, or only its beginning is left."""
    allowed = max(tokens(text) - over - tokens(_MARK), 0)
    length = len(text)
    while length > SHORTENED and tokens(text[:length]) > allowed:
        length = max(SHORTENED, length * 3 // 4)
    return text[:length] + _MARK
