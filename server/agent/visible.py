"""Which part of what a model writes can be shown while it still writes: everything that is surely no action.

What may become an action is held back until it is clear what it is; a piece of code in an answer is let go at once.
"""

import re

from server.agent.actions import INPUT_KEYS, NAME_KEYS

_START = re.compile(r"```|\{|^[ \t]*(?:Action|动作|行动)[ \t]*[:：]", re.MULTILINE | re.IGNORECASE)
_WORDS = ("action", "动作", "行动")
_FENCE = re.compile(r"```[ \t]*(\w*)[ \t]*(\n?)")
_OPEN_FENCES = frozenset({"", "json", "tool_call", "tool_code"})
_KEYS = (*NAME_KEYS, *INPUT_KEYS, "thought", "reason", "id", "type")
_QUOTES = "\"'“”"


class Visible:
    """Text in pieces → the pieces that can be shown."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown now."""
        self._held += text
        shown = ""
        while True:
            start = _START.search(self._held)
            if start is None:
                keep = _unsure_tail(self._held)
                shown += self._held[: len(self._held) - keep]
                self._held = self._held[len(self._held) - keep :]
                return shown
            if may_be_action(self._held[start.start() :]):
                shown += self._held[: start.start()]
                self._held = self._held[start.start() :]
                return shown
            shown += self._held[: start.end()]
            self._held = self._held[start.end() :]

    def rest(self) -> str:
        """What was held back."""
        held, self._held = self._held, ""
        return held


def may_be_action(text: str) -> bool:
    """Whether a text that begins like an action can still become one."""
    fence = _FENCE.match(text)
    if fence:
        is_open = any(language.startswith(fence[1].lower()) for language in _OPEN_FENCES)
        if fence.end() == len(text) and not fence[2]:
            return is_open
        if fence[1].lower() not in _OPEN_FENCES:
            return False
        text = text[fence.end() :]
    inner = text.lstrip()
    return not inner or (not fence and not inner.startswith("{")) or _may_be_object(inner)


def _may_be_object(text: str) -> bool:
    if not text.startswith("{"):
        return False
    body = text[1:].lstrip()
    if not body:
        return True
    if body[0] not in _QUOTES:
        return any(key.startswith(body[: len(key)]) or body.startswith(key) for key in NAME_KEYS)
    key, closed, _ = body[1:].partition(body[0] if body[0] in "\"'" else "”")
    return key in _KEYS if closed else any(known.startswith(key) for known in _KEYS)


def _unsure_tail(text: str) -> int:
    """How many characters at the end could be the beginning of what `_START` looks for."""
    ticks = len(text) - len(text.rstrip("`"))
    if 0 < ticks < 3:
        return ticks
    line = text.rpartition("\n")[2]
    word = line.strip(" \t").lower()
    is_begun = bool(word) and any(known.startswith(word) or word == known for known in _WORDS)
    return len(line) if is_begun else 0
