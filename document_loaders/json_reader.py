"""Values of a JSON file, one after the other, with the line each begins in."""

import json
from typing import Any, TextIO

from document_loaders.errors import DocumentUnreadable

_BLOCK = 1 << 20
_BLANKS = " \t\r\n"
# An object becomes a tuple of pairs, so an array is told from it by being a list; numbers stay as they are written.
DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_float=str, parse_int=str, parse_constant=str)


class JsonReader:
    """Reads a stream by values; only the value being read and one block are held as text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._at_end = False
        self._counted = 0  # line ends before this place of the held text are in `_line`
        self._line = 1
        self._before = 0  # characters of the line that the held text begins in, which are not held any more

    @property
    def line(self) -> int:
        """The line of the next character."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def next_char(self) -> str:
        """The next character that is not blank, empty at the end; it is not taken."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANKS:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, wanted: str) -> bool:
        """Pass over the next character if it is the wanted one."""
        found = self.next_char() == wanted
        self._at += found
        return found

    def value(self) -> Any:
        """The next value.

        Raises:
            DocumentUnreadable: it is no JSON.
        """
        self.next_char()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._more():
                    continue
                raise self._broken(error.pos, error.msg) from error
            except RecursionError as error:
                raise too_deep() from error
            # A number that ends where the block ends may go on in the next one.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def broken_here(self, message: str) -> DocumentUnreadable:
        """The reason why the next character cannot stand there."""
        return self._broken(self._at, message)

    def _broken(self, position: int, message: str) -> DocumentUnreadable:
        line = self.line + self._text.count("\n", self._at, position)
        start = self._text.rfind("\n", 0, position)
        return broken(line, position - start + (self._before if start < 0 else 0), message)

    def _more(self) -> bool:
        """Read on, each time as much again as is held, so that a long value is not tried over and over."""
        if self._at_end:
            return False
        block = self._stream.read(max(_BLOCK, len(self._text)))
        if not block:
            self._at_end = True
            return False
        self._line = self.line
        start = self._text.rfind("\n", 0, self._at)
        self._before = self._at - start - 1 if start >= 0 else self._before + self._at
        self._text = self._text[self._at :] + block
        self._at = self._counted = 0
        return True


def broken(line: int, column: int, message: str) -> DocumentUnreadable:
    """The reason for JSON with an error at this place."""
    return DocumentUnreadable(
        f"the JSON is broken in line {line}, column {column} ({message})",
        f"JSON 在第 {line} 行第 {column} 列有错误（{message}）",
    )


def too_deep() -> DocumentUnreadable:
    """The reason for values that no reader can follow."""
    return DocumentUnreadable("its values are nested too deeply", "数据嵌套过深")
