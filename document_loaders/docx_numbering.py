"""The numbers and bullets that Word makes by itself and does not store as text."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_CHINESE = frozenset(
    {"chineseCounting", "chineseCountingThousand", "taiwaneseCounting", "taiwaneseCountingThousand", "japaneseCounting",
     "ideographTraditional", "chineseLegalSimplified"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str
    pattern: str
    start: int


class Numbering:
    """Counts the numbered paragraphs of one document, in the order in which they are asked for."""

    def __init__(self, word: "WordDocument") -> None:
        self._abstract_of: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._restarts: set[str] = set()
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        root = _numbering_root(word)
        if root is None:
            return
        for abstract in root.iterchildren(f"{W}abstractNum"):
            levels = {int(level.get(f"{W}ilvl", "0")): _level(level) for level in abstract.iterchildren(f"{W}lvl")}
            self._levels[abstract.get(f"{W}abstractNumId", "")] = levels
        for number in root.iterchildren(f"{W}num"):
            number_id = number.get(f"{W}numId", "")
            self._abstract_of[number_id] = value(number.find(f"{W}abstractNumId")) or ""
            if number.find(f"{W}lvlOverride/{W}startOverride") is not None:
                self._restarts.add(number_id)

    def label(self, number_id: str, depth: int) -> str:
        """The number or bullet of the next paragraph in this list; empty when the list gives none."""
        abstract = self._abstract_of.get(number_id, "")
        levels = self._levels.get(abstract, {})
        level = levels.get(depth)
        if level is None or level.kind == "none":
            return ""
        if level.kind == "bullet":
            return "-"
        # Lists made from one definition count on together, unless a list says that it starts anew.
        counts = self._counts[f"#{number_id}" if number_id in self._restarts else abstract]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        return _filled(level.pattern, levels, counts)


def value(element: Any) -> str | None:
    """The attribute `w:val` of an element that may be missing."""
    return None if element is None else element.get(f"{W}val")


def _numbering_root(word: "WordDocument") -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE

    try:
        part: Any = word.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING)
    except KeyError:
        return None
    return part.element


def _level(element: Any) -> _Level:
    start = value(element.find(f"{W}start")) or "1"
    return _Level(
        kind=value(element.find(f"{W}numFmt")) or "decimal",
        pattern=value(element.find(f"{W}lvlText")) or "",
        start=int(start) if start.isdigit() else 1,
    )


def _filled(pattern: str, levels: dict[int, _Level], counts: dict[int, int]) -> str:
    for depth in range(9):
        mark = f"%{depth + 1}"
        if mark in pattern and depth in levels:
            pattern = pattern.replace(mark, _numeral(counts.get(depth, levels[depth].start), levels[depth].kind))
    return pattern


def _numeral(number: int, kind: str) -> str:
    if kind in _CHINESE:
        return _chinese(number)
    if kind in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if kind == "upperLetter" else letter
    if kind in ("lowerRoman", "upperRoman"):
        return _roman(number).upper() if kind == "upperRoman" else _roman(number)
    return str(number)


def _chinese(number: int) -> str:
    if not 0 < number < 10_000:
        return str(number)
    found = ""
    for place, digit in zip(range(len(str(number)) - 1, -1, -1), map(int, str(number)), strict=True):
        if digit:
            found += _DIGITS[digit] + _PLACES[place]
        elif found and not found.endswith("零"):
            found += "零"
    found = found.rstrip("零")
    return found[1:] if found.startswith("一十") else found


def _roman(number: int) -> str:
    found = ""
    for size, letters in _ROMAN:
        found += letters * (number // size)
        number %= size
    return found + _ROMAN_ONES[number]
