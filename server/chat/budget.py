"""Fit earlier turns and found text into what a model can take in.

What does not fit is left out: first the oldest turns, then the lowest hits; of the best hit the end
of its text, so an answer never loses its ground altogether. Instructions (turns of the system) stay longest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from server.llm.tokens import estimate
from server.types import Hit, Message

ANSWER_RESERVE = 1024
"""Tokens kept free for the answer when the caller sets no limit."""
_OVERHEAD = 32
"""Tokens around each turn or quoted text: role marks, numbers, file names."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the prompt."""

    history: tuple[Message, ...]
    hits: tuple[Hit, ...]


def room_for_prompt(max_tokens: int | None, window: int) -> int:
    """Tokens a prompt may have when the answer may have `max_tokens`; at least half of the window."""
    return max(window - (max_tokens or ANSWER_RESERVE), window // 2)


Count = Callable[[str], int]


def fit(room: int, history: Sequence[Message], hits: Sequence[Hit], tokens: Count = estimate) -> Fitted:
    """Choose the instructions, the best hits and the latest turns that fit into `room` tokens."""
    rules = [message for message in history if message.role == "system"]
    spoken = [message for message in history if message.role != "system"]
    share = room // 2 if hits else room
    kept_rules, unused = _latest(rules, share, tokens)
    left = room - share + unused
    kept_hits: list[Hit] = []
    for hit in hits:
        cost = tokens(hit.chunk.text) + _OVERHEAD
        if cost > left:
            break
        kept_hits.append(hit)
        left -= cost
    if hits and not kept_hits:
        return Fitted(tuple(kept_rules), (_cut(hits[0], left - _OVERHEAD),))
    kept_turns, _ = _latest(spoken, left, tokens)
    kept = {id(message) for message in (*kept_rules, *kept_turns)}
    return Fitted(tuple(message for message in history if id(message) in kept), tuple(kept_hits))


def _latest(messages: Sequence[Message], room: int, tokens: Count) -> tuple[list[Message], int]:
    """As many of the last messages as fit, and the tokens that are left."""
    kept: list[Message] = []
    for message in reversed(messages):
        cost = tokens(message.content) + _OVERHEAD
        if cost > room:
            break
        kept.append(message)
        room -= cost
    return kept, room


def _cut(hit: Hit, room: int) -> Hit:
    """The hit with the start of its text; a character is at most one token."""
    return replace(hit, chunk=replace(hit.chunk, text=hit.chunk.text[: max(room, 1)]))
