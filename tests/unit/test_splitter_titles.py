"""Chinese title enhancement."""

import copy

import pytest
from langchain_core.documents import Document

from text_splitter.zh_title_enhance import is_title, mark_titles


@pytest.mark.parametrize("text", ["第一章 总则", "2.1 安装步骤", "一、适用范围", "3 Requirements"])
def test_titles(text: str) -> None:
    assert is_title(text)


@pytest.mark.parametrize(
    "text",
    ["", "总则", "第一章 总则。", "2024", "1.2.3.4.5", "第一章" + "长" * 20, "考勤管理制度第二版", "一、\n二、三"],
)
def test_not_titles(text: str) -> None:
    assert not is_title(text)


def test_the_text_below_a_title_names_it() -> None:
    documents = [
        Document(page_content="前言没有编号", metadata={"page": 1}),
        Document(page_content="第一章 总则"),
        Document(page_content="适用于全体员工。"),
        Document(page_content="二、考勤"),
        Document(page_content="上班时间为九点。"),
    ]
    before = copy.deepcopy(documents)
    marked = mark_titles(documents)
    assert documents == before
    assert [document.page_content for document in marked] == [
        "前言没有编号",
        "第一章 总则",
        "下文与(第一章 总则)有关。适用于全体员工。",
        "二、考勤",
        "下文与(二、考勤)有关。上班时间为九点。",
    ]
    assert [document.metadata.get("category") for document in marked] == [None, "cn_Title", None, "cn_Title", None]
    assert marked[0].metadata["page"] == 1


def test_a_title_at_the_head_of_a_chunk_rules_the_next_chunks() -> None:
    marked = mark_titles(
        [Document(page_content="第一章 总则\n适用于全体员工。"), Document(page_content="另有规定的除外。")]
    )
    assert marked[0].page_content == "第一章 总则\n适用于全体员工。"
    assert "category" not in marked[0].metadata
    assert marked[1].page_content == "下文与(第一章 总则)有关。另有规定的除外。"


def test_boxes_move_with_the_text_and_the_added_sentence_is_short() -> None:
    title, text = "第一章 " + "总" * 16, "适用于全体员工。"
    given_documents = [
        Document(page_content=title),
        Document(page_content=text, metadata={"spans": [[0, 3, [0, 0, 1, 1]]]}),
    ]
    below = mark_titles(given_documents)[1]
    ((start, end, _),) = below.metadata["spans"]
    assert below.page_content[start:end] == "适用于"
    assert given_documents[1].metadata["spans"] == [[0, 3, [0, 0, 1, 1]]]
    assert len(below.page_content) - len(text) == 28
