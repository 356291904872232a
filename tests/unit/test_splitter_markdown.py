"""Cutting at the headings of Markdown."""

import pytest
from langchain_core.documents import Document

from text_splitter.markdown import MarkdownHeaderTextSplitter

TEXT = """前言。

# 第一章 总则

## 1.1 范围

适用于**全体**员工。

```sh
# no heading
```

另起标题
----

## 1.3 空
# 第二章
正文。
"""


def _paths(text: str, **metadata: object) -> list[tuple[str, list[str]]]:
    chunks = MarkdownHeaderTextSplitter(250, 50).split_documents([Document(page_content=text, metadata=metadata)])
    return [(chunk.page_content.split("\n")[0], chunk.metadata.get("headings", [])) for chunk in chunks]


def test_each_chunk_knows_its_headings() -> None:
    assert _paths(TEXT) == [
        ("前言。", []),
        ("# 第一章 总则", ["第一章 总则", "1.1 范围"]),
        ("另起标题", ["第一章 总则", "另起标题"]),
        ("## 1.3 空", ["第一章 总则", "1.3 空"]),
        ("# 第二章", ["第二章"]),
    ]


@pytest.mark.parametrize(
    ("known", "text", "wanted"),
    [
        (["总则", "范围"], "## 范围\n\n正文。", ["总则", "范围"]),
        (["总则", "范围"], "# 总则\n\n## 范围\n\n正文。", ["总则", "范围"]),
        (["手册"], "## 范围\n\n正文。", ["手册", "范围"]),
        (["手册"], "正文。", ["手册"]),
    ],
)
def test_the_documents_own_path_is_kept_and_not_doubled(known: list[str], text: str, wanted: list[str]) -> None:
    assert [path for _, path in _paths(text, headings=known, source="a.md")] == [wanted]


def test_every_document_is_split_with_all_its_metadata() -> None:
    documents = [
        Document(page_content=f"# 标题{i}\n\n" + "一句话在这里。" * 30, metadata={"source": f"{i}.md"})
        for i in range(3)
    ]
    chunks = MarkdownHeaderTextSplitter(60, 10).split_documents(documents)
    assert {chunk.metadata["source"] for chunk in chunks} == {"0.md", "1.md", "2.md"}
    assert all(chunk.metadata["headings"] == [f"标题{chunk.metadata['source'][0]}"] for chunk in chunks)
    assert all(len(chunk.page_content) <= 60 for chunk in chunks)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_places_are_true_with_all_line_ends(end: str) -> None:
    text = f"开头。{end}{end}# 甲{end}{end}甲文。\x0b\u2028{end}{end}# 乙{end}{end}乙文。"
    chunks = MarkdownHeaderTextSplitter(250, 50).split_documents([Document(page_content=text)])
    assert [text[chunk.metadata["start_index"]] for chunk in chunks] == ["开", "#", "#"]
    assert [chunk.metadata.get("headings") for chunk in chunks] == [None, ["甲"], ["乙"]]
