"""Hits that stand side by side become one source."""

from server.chat.marks import EXCERPT, MOST, excerpt, marks
from server.chat.neighbours import joined
from server.types import Chunk, Hit


def hit(number, ordinal, text, relevance=0.8, file="a.pdf", **meta):
    return Hit(Chunk(number, "kb", file, ordinal, text, meta), relevance, 0.5, 0.5)


def test_neighbours_become_one_without_their_overlap():
    hits = [
        hit(2, 5, "乙丙丁", 0.9, page=1, boxes=[[0, 0.1, 1, 0.2], [0, 0.2, 1, 0.3]], headings=["章", "节一"]),
        hit(9, 0, "别处", 0.8),
        hit(1, 4, "甲乙丙", 0.7, page=1, boxes=[[0, 0, 1, 0.1], [0, 0.1, 1, 0.2]], headings=["章", "节二"]),
    ]
    first, second = joined(hits)
    assert first.chunk.text == "甲乙丙丁"
    assert (first.chunk.id, first.chunk.ordinal, first.relevance) == (2, 4, 0.9)
    assert first.chunk.meta["chunk_ids"] == [1, 2]
    assert first.chunk.meta["boxes"] == [[0, 0, 1, 0.1], [0, 0.1, 1, 0.2], [0, 0.2, 1, 0.3]]
    assert first.chunk.meta["headings"] == ["章"]
    assert second == hits[1]


def test_lines_are_widened_and_texts_without_overlap_stand_below_each_other():
    (one,) = joined([hit(1, 0, "a", lines=[1, 3]), hit(2, 1, "b", lines=[4, 9])])
    assert one.chunk.text == "a\nb"
    assert one.chunk.meta["lines"] == [1, 9]


def test_what_stands_elsewhere_stays_apart():
    for pair in (
        [hit(1, 0, "a", page=1), hit(2, 1, "b", page=2)],
        [hit(1, 0, "a", row=1), hit(2, 1, "b", row=2)],
        [hit(1, 0, "a"), hit(2, 1, "b", file="b.pdf")],
        [hit(1, 0, "a"), hit(2, 2, "b")],
        [hit(1, 0, "a" * 1500), hit(2, 1, "b" * 1500)],
    ):
        assert joined(pair) == pair


def test_marks_are_ranges_of_the_words_of_the_question():
    text = "XT-X200-B 整机保修 24 个月,保修期内免费。"
    found = [text[start:end] for start, end in marks("XT-X200-B 的保修期多久？", text)]
    assert found == ["XT", "X200", "B", "保修", "保修期"]


def test_marks_fold_letters_width_and_script():
    assert marks("uptime", "UPTIME of ｕｐｔｉｍｅ") == [(0, 6), (10, 16)]
    assert marks("退货运费", "退貨運費") == [(0, 4)]


def test_marks_are_limited_and_may_be_none():
    assert marks("的吗", "完全无关") == []
    assert len(marks("a", "a " * 1000)) == MOST


def test_the_excerpt_shows_where_the_words_are():
    text = "无关的话。" * 100 + "保修期为两年。" + "其他的话。" * 100
    start, end = excerpt(text, marks("保修期", text))
    assert "保修期" in text[start:end]
    assert end - start <= EXCERPT
    assert excerpt("短", []) == (0, 1)


def test_chunks_of_a_table_become_one_table_with_one_head():
    head = "| 部门 | 合计 |\n| --- | --- |\n"
    (one,) = joined([hit(1, 0, f"{head}| 研发部 |  |", sheet="a"), hit(2, 1, f"{head}| 市场部 | 3 |", sheet="a")])
    assert one.chunk.text == f"{head}| 研发部 |  |\n| 市场部 | 3 |"
    (one,) = joined([hit(1, 0, "说明|"), hit(2, 1, f"{head}| 市场部 | 3 |")])
    assert one.chunk.text == f"说明|\n{head}| 市场部 | 3 |"
