"""The order in which people read what stands on a page: column after column, row after row."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_GUTTERS = 40  # places for a gutter that are tried across the page
_MOST_CROSSING = 0.25  # titles and wide tables may cross the gutter, not more
_FEWEST_LINES = 4
# Lines of running text nearly fill their column and are long; the cells of a table or form are neither.
_FULL = 0.6
_LONG = 6
_SAME_ROW = 0.5


Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text, how sure it is (0 to 1), and where it stands."""

    text: str
    confidence: float
    box: Box


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Sort lines whose boxes are in pixels; pieces that stand in one row become one line, two blanks between them."""
    gutter = _gutter(lines)
    if gutter is None:
        return _rows(lines)
    ordered: list[Line] = []
    crossing = sorted((line for line in lines if _side(line, gutter) == 0), key=lambda line: line.box[1])
    rest = [line for line in lines if _side(line, gutter)]
    for bar in [*crossing, None]:
        above = [line for line in rest if bar is None or _middle(line) < _middle(bar)]
        rest = [line for line in rest if line not in above]
        for side in (-1, 1):
            ordered += in_reading_order([line for line in above if _side(line, gutter) == side])
        ordered += [bar] if bar else []
    return ordered


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where a blank strip parts two columns of running text, if one does."""
    if len(lines) < 2 * _FEWEST_LINES:
        return None
    left, right = min(line.box[0] for line in lines), max(line.box[2] for line in lines)
    places = [left + (right - left) * (step + 0.5) / _GUTTERS for step in range(_GUTTERS // 5, _GUTTERS * 4 // 5)]
    crossings = [sum(_side(line, place) == 0 for line in lines) for place in places]
    fewest = min(crossings)
    # The strip has a width: its middle is the safest place.
    best = [place for place, count in zip(places, crossings, strict=True) if count == fewest]
    place = best[len(best) // 2]
    columns = [[line for line in lines if _side(line, place) == side] for side in (-1, 1)]
    if fewest > len(lines) * _MOST_CROSSING or min(map(len, columns)) < _FEWEST_LINES:
        return None
    is_text = all(_is_running_text(column) or _gutter(column) is not None for column in columns)
    return place if is_text and _stand_side_by_side(*columns) else None


def _side(line: Line, place: float) -> int:
    return -1 if line.box[2] <= place else 1 if line.box[0] >= place else 0


def _middle(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2


def _is_running_text(column: list[Line]) -> bool:
    width = median(line.box[2] - line.box[0] for line in column)
    height = median(line.box[3] - line.box[1] for line in column)
    extent = max(line.box[2] for line in column) - min(line.box[0] for line in column)
    return width >= _FULL * extent and width >= _LONG * height


def _stand_side_by_side(left: list[Line], right: list[Line]) -> bool:
    tops, bottoms = ([f(line.box[i] for line in c) for c in (left, right)] for f, i in ((min, 1), (max, 3)))
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return min(bottoms) - max(tops) >= shorter / 2


def _rows(lines: Sequence[Line]) -> list[Line]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        # The far ends of a row on a page that lies askew have no height in common, but neighbours have.
        if rows and all(_is_beside(line, other) for other in rows[-1]) and any(_is_level(line, o) for o in rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [_joined(sorted(row, key=lambda line: line.box[0])) for row in rows]


def _is_beside(line: Line, other: Line) -> bool:
    slack = _height(line, other)
    return line.box[0] >= other.box[2] - slack or other.box[0] >= line.box[2] - slack


def _is_level(line: Line, other: Line) -> bool:
    return min(line.box[3], other.box[3]) - max(line.box[1], other.box[1]) >= _SAME_ROW * _height(line, other)


def _height(line: Line, other: Line) -> float:
    return min(line.box[3] - line.box[1], other.box[3] - other.box[1])


def _joined(row: list[Line]) -> Line:
    lefts, tops, rights, bottoms = zip(*(line.box for line in row), strict=True)
    box = (min(lefts), min(tops), max(rights), max(bottoms))
    return Line("  ".join(line.text for line in row), min(line.confidence for line in row), box)
