"""Reading order: rows, columns, tables."""

from document_loaders.reading_order import Line, in_reading_order


def _line(text: str, left: float, top: float, right: float, height: float = 20) -> Line:
    return Line(text, 0.9, (left, top, right, top + height))


def _column(name: str, left: float, right: float, top: float = 100, count: int = 8) -> list[Line]:
    return [_line(f"{name}{index}", left, top + 30 * index + 3 * len(name), right) for index in range(count)]


def _texts(lines: list[Line]) -> list[str]:
    return [line.text for line in in_reading_order(lines[::-1])]


def test_columns_are_read_one_after_the_other_below_their_title() -> None:
    left, right = _column("a", 50, 480), _column("b", 520, 950)
    title, note = _line("title", 200, 40, 800), _line("note across the page", 60, 400, 940)
    expected = ["title", *(line.text for line in left + right), "note across the page"]
    assert _texts([title, *left, *right, note]) == expected


def test_three_columns() -> None:
    columns = [_column(name, left, left + 290) for name, left in (("a", 0), ("b", 320), ("c", 640))]
    lines = [line for column in columns for line in column]
    assert _texts(lines) == [line.text for line in lines]


def test_what_stands_in_one_row_becomes_one_line() -> None:
    cells = [_line(f"{row}{cell}", 50 + 250 * cell, 100 + 40 * row + 4 * cell, 130 + 250 * cell)
             for row in range(6) for cell in range(4)]  # fmt: skip
    assert _texts(cells) == [f"{row}0  {row}1  {row}2  {row}3" for row in range(6)]
    first = in_reading_order(cells)[0]
    assert first.box == (50, 100, 880, 132)


def test_nothing_is_no_line() -> None:
    assert in_reading_order([]) == []
