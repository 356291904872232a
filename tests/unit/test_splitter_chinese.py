"""Where the default splitter cuts."""

from itertools import pairwise

import pytest

from text_splitter.chinese import ChineseRecursiveTextSplitter

SENTENCE = "保修期为二十四个月，自购买之日起计算。"


def _split(text: str, size: int, overlap: int = 0) -> list[str]:
    return ChineseRecursiveTextSplitter(size, overlap).split_text(text)


def test_short_text_is_one_chunk() -> None:
    assert _split("  你好，世界。\n", 250, 50) == ["  你好，世界。"]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000\n \t\n"])
def test_blank_text_has_no_chunks(text: str) -> None:
    assert _split(text, 250, 50) == []


def test_separators_stay_at_the_end_in_their_order() -> None:
    assert _split("甲甲甲甲甲。乙乙乙，乙乙乙。", 10) == ["甲甲甲甲甲。", "乙乙乙，乙乙乙。"]
    assert _split("甲甲甲，甲甲甲；乙乙乙，乙乙乙", 10) == ["甲甲甲，甲甲甲；", "乙乙乙，乙乙乙"]
    assert _split("甲甲甲。\n\n乙乙乙。乙乙乙。", 10) == ["甲甲甲。", "乙乙乙。乙乙乙。"]


def test_closing_quotes_stay_with_their_sentence() -> None:
    assert _split("他说：“今天不来了。”然后他就走了，没有回头。", 16)[0] == "他说：“今天不来了。”"


def test_western_sentences_end_before_a_blank_only() -> None:
    chunks = _split("Version v0.2.10 costs 3.5 euros. It was released in May. Please update.", 36)
    assert chunks == ["Version v0.2.10 costs 3.5 euros.", "It was released in May.", "Please update."]


def test_a_number_is_not_cut_at_its_comma_and_a_list_number_not_off_its_entry() -> None:
    assert all("1,000,000" in chunk or "1,0" not in chunk for chunk in _split("合计金额为1,000,000元整此后再议", 14))
    chunks = _split("1. first entry of the list\n2. second entry of the list\n3. third one", 30)
    assert [chunk[:2] for chunk in chunks] == ["1.", "2.", "3."]


def test_overlap_is_made_of_whole_sentences() -> None:
    chunks = _split(SENTENCE * 10, 80, 25)
    assert len(chunks) > 2
    assert all(chunk.startswith("保修期") and chunk.endswith("。") for chunk in chunks)
    assert all(after.startswith(before[-len(SENTENCE) :]) for before, after in pairwise(chunks))


def test_overlap_falls_back_to_clauses_and_then_to_characters() -> None:
    assert _split("甲" * 15 + "，" + "乙" * 8 + "。" + "丙" * 15 + "。", 25, 12)[1].startswith("乙")
    chunks = _split("字" * 100, 40, 10)
    assert [len(chunk) for chunk in chunks] == [40, 40, 40]


def test_an_overlap_never_tears_a_sentence_that_fits() -> None:
    long = "丙" * 47 + "。"
    assert long in _split("甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲。乙乙乙乙乙。" + long, 50, 20)


def test_a_heading_stays_with_its_paragraph() -> None:
    chunks = _split("第一章 总则\n\n" + SENTENCE * 10, 100)
    assert chunks[0].startswith("第一章 总则\n\n保修期")


def test_characters_made_of_several_code_points_stay_whole() -> None:
    for cluster in ("e\u0301", "👨\u200d👩\u200d👧", "👍\U0001f3fd", "क\u094d"):
        for chunk in _split(cluster * 40, 11, 4):
            assert chunk.replace(cluster, "") == ""


def test_table_rows_stay_whole_and_the_head_comes_back() -> None:
    head = "| 项目 | 说明 |\n| --- | --- |\n"
    rows = [f"| 第{i}项 | 说明文字，含有标点。序号 {i} |" for i in range(30)]
    chunks = _split("下表列出全部项目。\n\n" + head + "\n".join(rows) + "\n\n以上。", 120, 30)
    assert all(chunk.startswith(head) for chunk in chunks[1:])
    assert all(any(row in chunk for chunk in chunks) for row in rows)
    lines = [line for chunk in chunks for line in chunk.split("\n") if line.startswith("| 第")]
    assert lines == rows
    assert all(len(chunk) <= 120 for chunk in chunks)


def test_a_row_longer_than_a_chunk_is_cut_all_the_same() -> None:
    chunks = _split("| a | b |\n|---|---|\n| " + "长" * 300 + " | x |\n| 1 | 2 |", 100)
    assert sum(chunk.count("长") for chunk in chunks) == 300
    assert all(len(chunk) <= 100 for chunk in chunks)


def test_fenced_code_stays_whole_where_it_fits() -> None:
    code = "```python\ndef f(x):\n\n    return x + 1, x. y\n```"
    chunks = _split(f"{SENTENCE * 3}\n\n{code}\n\n{SENTENCE * 3}", 70, 20)
    assert sum(code in chunk for chunk in chunks) == 1


def test_an_indented_line_keeps_its_indent() -> None:
    assert _split("a = 1\n" * 5 + "if a:\n    b = 2\n    c = 3\n", 30)[1].startswith(("if a:", "    ", "a ="))
    assert "    c = 3" in "\n".join(_split("if a:\n    b = 22\n    c = 3\n", 16))


def test_start_index_points_into_the_text() -> None:
    text = f"\n\n{SENTENCE * 20}\n\n\n\n{SENTENCE * 20}"
    splitter = ChineseRecursiveTextSplitter(100, 30)
    for document in splitter.create_documents([text]):
        start = document.metadata["start_index"]
        assert text.startswith(document.page_content[:10], start)


def test_many_blank_lines_shrink_to_one() -> None:
    assert _split("甲。\n\n\n\n\n乙。", 50) == ["甲。\n\n乙。"]


def test_the_last_chunk_is_no_crumb() -> None:
    chunks = _split("这是一个完整的句子。" * 11, 100)
    assert min(len(chunk) for chunk in chunks) >= 40
