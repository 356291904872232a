"""Subtitles (SubRip and WebVTT): what is said, in passages, with the time it is said at."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import open_text
from document_loaders.errors import DocumentUnreadable

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*--+>\s*{_TIME}")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>\n]*>|\{\\[^}\n]*\}")
_SENTENCE_END = re.compile(r"[。！？….!?][”’」』）\"')]*$")
_PAUSE = 4.0
_LONGEST = 60.0
_PASSAGE = 400


class SubtitleLoader(FileLoader):
    """Joins the cues to passages of at most a minute, parted at pauses.

    Metadata: `part` (the time, "00:01:02–00:01:40") and `lines`.
    """

    def lazy_load(self) -> Iterator[Document]:
        """Yield the passages in the order of the file.

        Raises:
            DocumentUnreadable: it is no text, or no line of it gives a time.
        """
        passage: list[_Cue] = []
        found = False
        with open_text(self.path) as stream:
            for cue in _cues(stream):
                found = True
                if passage and cue.text == passage[-1].text:
                    # Captions made by machines repeat a line for as long as it stays on the screen.
                    passage[-1] = replace(passage[-1], end=cue.end, lines=(passage[-1].lines[0], cue.lines[1]))
                    continue
                if passage and _parted(passage, cue):
                    yield _document(passage)
                    passage = []
                if cue.text:
                    passage.append(cue)
        if passage:
            yield _document(passage)
        if not found:
            raise DocumentUnreadable("no line of it gives the time of a subtitle", "其中没有任何字幕时间")


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    text: str
    lines: tuple[int, int]
    is_named: bool = False


def _cues(lines: Iterator[str]) -> Iterator[_Cue]:
    """A cue reaches from its times to the next blank line; its number is passed over."""
    times: re.Match[str] | None = None
    texts: list[str] = []
    first = 0
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        match = _TIMES.match(line)
        if times and (match or not line):
            # Without the blank line between two cues the number of the next one is the last line of this one.
            if match and len(texts) > 1 and texts[-1].isdigit():
                texts.pop()
            yield _cue(times, texts, (first, number - 1))
            times = None
        if match:
            times, texts, first = match, [], number
        elif times and line:
            texts.append(line)
    if times:
        yield _cue(times, texts, (first, first + len(texts)))


def _cue(times: re.Match[str], texts: list[str], lines: tuple[int, int]) -> _Cue:
    fields = times.groups(default="0")
    spoken = (_MARKUP.sub("", _SPEAKER.sub(r"\1: ", text)) for text in texts)
    text = " ".join(html.unescape(line).strip() for line in spoken)
    is_named = any(_SPEAKER.search(line) for line in texts)
    return _Cue(_seconds(*fields[:4]), _seconds(*fields[4:]), " ".join(text.split()), lines, is_named)


def _seconds(hours: str, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths.ljust(3, "0")) / 1000


def _parted(passage: list[_Cue], cue: _Cue) -> bool:
    if cue.start - passage[-1].end > _PAUSE:
        return True
    size = sum(len(each.text) for each in passage) + len(cue.text)
    is_long = cue.end - passage[0].start > _LONGEST
    return is_long or size > 2 * _PASSAGE or (size > _PASSAGE and _ends_sentence(passage[-1]))


def _ends_sentence(cue: _Cue) -> bool:
    return _SENTENCE_END.search(cue.text) is not None


def _document(passage: list[_Cue]) -> Document:
    text = passage[0].text
    for before, cue in pairwise(passage):
        text += ("\n" if _ends_sentence(before) or cue.is_named else " ") + cue.text
    return Document(
        page_content=text,
        metadata={
            "part": f"{_clock(passage[0].start)}–{_clock(passage[-1].end)}",
            "lines": [passage[0].lines[0], passage[-1].lines[1]],
        },
    )


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
