"""The lines of PDF pages put back together: characters, running heads, paragraphs."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_HYPHEN = "\x02"  # what PDFium writes for a hyphen at a line end, in place of the line end
_HYPHENATED = re.compile(rf"(?P<word>[\w-]*){_HYPHEN}\s*(?P<rest>\w?)")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ufeff]")
# Radicals, compatibility ideographs and ligatures that fonts put in place of the ordinary characters.
_LOOKALIKES = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f‘’“”…—]")
_SENTENCE_END = re.compile(r"[。！？：；.!?:;][”’」』）)\"']*$")
_NEW_PARAGRAPH = re.compile(
    r"\s{2}|\u3000|[•●○■□◆▪·*–—-]\s?|[(（]?(?:\d{1,3}|[一二三四五六七八九十]{1,3})[)）.、．]|\d+(?:\.\d+)+\s|"
    r"第[\d一二三四五六七八九十百]+[章节条篇部]"
)
_NUMBER = re.compile(r"[0-9]{1,6}")
_PAGE_NUMBER = re.compile(r"\W*(?:第|page|p\.?)?\d+页?(?:\W*(?:of|共|/)?\d+页?)?\W*", re.IGNORECASE)
_EDGE = 3
_MOST = 0.4  # heads of left and right pages differ, so each comes back on nearly half of the pages
_FEWEST_PAGES = 3
_NARROWEST_COLUMN = 36
_FULL = 0.85
_BRIMFUL = 0.95


def clean_lines(text: str) -> list[str]:
    """The lines of a page that hold something, with hyphenated words joined and odd characters replaced."""
    text = _HYPHENATED.sub(_joined_word, text).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    text = _LOOKALIKES.sub(lambda match: unicodedata.normalize("NFKC", match.group()), _CONTROLS.sub("", text))
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _joined_word(match: re.Match[str]) -> str:
    word, rest = match["word"], match["rest"]
    is_broken_word = word[-1:].isalpha() and rest.islower() and "-" not in word
    return word + ("" if is_broken_word else "-") + rest


def without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """Drop from the edges of the pages what comes back on most of them, also with a number that counts the pages.

    Bare page numbers go. Any other such line stays on the first page it stands on, and where it is all that a page
    says, so that no text is lost.
    """
    keyed = [[_keys(line, number) for line in page] for number, page in enumerate(pages)]
    counts = Counter(key for lines in keyed for key in set().union(*lines[:_EDGE], *lines[-_EDGE:]))
    needed = max(_FEWEST_PAGES, len(pages) * _MOST)
    running = {key for key, count in counts.items() if count >= needed}
    seen: set[str] = set()
    kept: list[list[str]] = []
    for page, lines in zip(pages, keyed, strict=True):
        kept.append(
            _without(page, [_is_running(keys, running, seen) for keys in lines])
            or [line for line, (key, *_) in zip(page, lines, strict=True) if key not in seen and not _is_number(key)]
        )
        seen.update(key for keys in lines for key in keys)
    return kept


def _keys(line: str, page: int) -> list[str]:
    """The line as it is, then with its first or last number taken as the number of the page."""
    line = re.sub(r"\s+", "", line)
    numbers = list(_NUMBER.finditer(line))
    counted = (f"{line[: n.start()]}<{int(n.group()) - page}>{line[n.end() :]}" for n in (*numbers[:1], *numbers[-1:]))
    return [line, *counted]


def _is_running(keys: list[str], running: set[str], seen: set[str]) -> bool:
    return any(key in running and (key in seen or _is_number(keys[0])) for key in keys)


def _is_number(key: str) -> bool:
    return _PAGE_NUMBER.fullmatch(key) is not None


def _without(page: list[str], is_running: list[bool]) -> list[str]:
    """The page from its first to its last line of its own; behind such a line nothing is taken for a running one."""
    top = next((i for i in range(min(_EDGE, len(page))) if not is_running[i]), min(_EDGE, len(page)))
    bottom = next((i for i in range(min(_EDGE, len(page) - top)) if not is_running[-1 - i]), _EDGE)
    return page[top : max(top, len(page) - bottom)]


def paragraphs(lines: Iterable[str]) -> str:
    """Join the lines of each paragraph."""
    lines = list(lines)
    return "".join(
        gap + line.lstrip() if gap != "\n" else gap + line for gap, line in zip(gaps(lines), lines, strict=True)
    )


def gaps(lines: list[str]) -> list[str]:
    """What to put in front of each line: a line that fills its column goes on in the next one."""
    widths = [_width(line) for line in lines]
    column = sorted(widths)[int(len(widths) * 0.9)] if widths else 0
    found = [""] * len(lines[:1])
    for line, before, width in zip(lines[1:], lines, widths, strict=False):
        goes_on = column >= _NARROWEST_COLUMN and _goes_on(before, width / column) and not _NEW_PARAGRAPH.match(line)
        found.append(_glue(before, line) if goes_on else "\n")
    return found


def _goes_on(line: str, fill: float) -> bool:
    return fill >= (_BRIMFUL if _SENTENCE_END.search(line) else _FULL)


def _glue(before: str, after: str) -> str:
    return "" if _CJK.match(before[-1]) or _CJK.match(after.lstrip()[:1]) else " "


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
