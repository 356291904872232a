"""Places in a chunk's metadata."""

import copy

from langchain_core.documents import Document

from text_splitter.positions import narrowed
from text_splitter.table import make_splitter


def test_lines_are_counted_from_the_documents_first_line() -> None:
    text = "a\nbb\nccc\ndddd"
    assert narrowed({"lines": [10, 13]}, text, 2, 8)["lines"] == [11, 12]
    assert narrowed({"lines": [10, 13]}, text, 0, len(text))["lines"] == [10, 13]
    assert narrowed({"lines": [10, 13]}, text + "\n", 5, 8)["lines"] == [12, 12]
    assert narrowed({"lines": [1, 2]}, "a\r\nb", 3, 4)["lines"] == [2, 2]


def test_lines_stay_where_the_text_does_not_have_as_many() -> None:
    """Subtitles, for instance, have lines with times that are not in the text."""
    assert narrowed({"lines": [1, 9]}, "一\n二\n三", 2, 3)["lines"] == [1, 9]


def test_rows_are_counted_with_and_without_the_head() -> None:
    table = "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    last = table.index("| 3")
    assert narrowed({"rows": [2, 3]}, table, last, len(table))["rows"] == [3, 3]
    assert narrowed({"rows": [1, 3]}, table, last, len(table))["rows"] == [3, 3]
    assert narrowed({"rows": [1, 9]}, table, last, len(table))["rows"] == [1, 9]


def test_spans_are_those_that_overlap_counted_from_the_start() -> None:
    metadata = {"page": 3, "spans": [[0, 4, [0, 0, 1, 0.1]], [4, 9, [0, 0.1, 1, 0.2]], [9, 12, [0, 0.2, 1, 0.3]]]}
    before = copy.deepcopy(metadata)
    found = narrowed(metadata, "x" * 12, 6, 9)
    assert found == {"page": 3, "spans": [[0, 3, [0, 0.1, 1, 0.2]]]}
    found["spans"][0][2][0] = 9
    assert metadata == before
    assert narrowed(metadata, "x" * 12, 12, 12)["spans"] == []


def test_spans_follow_a_repeated_head_and_blank_lines_that_shrink() -> None:
    head = "| 名 | 数 |\n| --- | --- |\n"
    rows = [f"| 笔{i:02} | {i:02} |" for i in range(20)]
    text = "表如下。\n\n\n\n\n" + head + "\n".join(rows)
    spans = [[text.index(row), text.index(row) + len(row), [i]] for i, row in enumerate(rows)]
    document = Document(page_content=text, metadata={"spans": spans})
    chunks = make_splitter("ChineseRecursiveTextSplitter", 80, 10).split_documents([document])
    assert "\n\n\n" not in chunks[0].page_content
    assert chunks[1].page_content.startswith(head)
    found = [(chunk.page_content[a:b], rows[i]) for chunk in chunks for a, b, (i,) in chunk.metadata["spans"]]
    assert len(found) == len(rows)
    assert all(shown == row for shown, row in found)
