"""Tokens become text as they come: whole characters only, and nothing of a stop word. No torch."""

from collections.abc import Callable, Sequence

BROKEN = "\ufffd"
# Tokens that may wait for the rest of a character; real text needs a few, only noise has more.
LONGEST_WAIT = 64


class AnswerText:
    """The text of one answer. Bytes that are no characters are left out, as FastChat's API does."""

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = stop
        self._ids: list[int] = []
        self._before = 0  # tokens that only give the new ones their context, such as a space between words
        self._decoded = 0
        self._text = ""
        self._waiting = ""
        self._searched = 0
        self.stopped = False

    @property
    def shown(self) -> str:
        """The text so far without what may turn out to be the beginning of a stop word; grows only at its end."""
        text = self._whole
        return text if self.stopped else text[: len(text) - self._held(text)]

    @property
    def complete(self) -> str:
        """The text when no more tokens come."""
        return self._whole

    def add(self, token: int) -> None:
        """Take one more token, and notice a stop word."""
        self._ids.append(token)
        known = self._decode(self._ids[self._before : self._decoded])
        found = self._decode(self._ids[self._before :])
        new = found[len(known) :]
        self._waiting = new.replace(BROKEN, "")
        if not new.endswith(BROKEN) or len(self._ids) - self._decoded >= LONGEST_WAIT:
            self._text += self._waiting
            self._waiting = ""
            if new:
                self._before, self._decoded = self._decoded, len(self._ids)
        self._look_for_stop()

    @property
    def _whole(self) -> str:
        return self._text + self._waiting

    def _look_for_stop(self) -> None:
        text = self._whole
        ends = [place for word in self._stop if (place := text.find(word, self._searched)) >= 0]
        if ends:
            self.stopped = True
            self._text, self._waiting = text[: min(ends)], ""
        longest = max(map(len, self._stop), default=0)
        self._searched = max(0, len(text) - longest)

    def _held(self, text: str) -> int:
        """Characters at the end that begin a stop word."""
        longest = max(map(len, self._stop), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            end = text[-length:]
            if any(word.startswith(end) for word in self._stop):
                return length
        return 0
