"""Web pages, Markdown, tables of values, long text."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from document_loaders.errors import DocumentUnreadable
from document_loaders.table import load, loader_for

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _load(tmp_path: Path, name: str, content: str | bytes) -> list[Document]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(load(path, loader_for(path)))


@pytest.mark.parametrize("sample", ["page.html", "page_gbk.htm"])
def test_a_page_without_its_menus_and_scripts(sample: str) -> None:
    first, second = load(SAMPLES / sample, "HtmlLoader")
    assert first.page_content == "报销制度\n员工出差返回后十五日内提交报销单。"
    assert first.metadata == {"headings": ["报销制度"], "title": "报销制度"}
    assert second.page_content == (
        "标准\n\n| 城市 | 每日限额 |\n| --- | --- |\n| 北京 | 600 元 |\n\n- 高铁二等座\n- 经济舱"
    )
    assert second.metadata["headings"] == ["报销制度", "标准"]


def test_a_page_that_is_wrong_about_its_encoding(tmp_path: Path) -> None:
    page = "<html><meta charset={}><p>员工出差返回后提交报销单。</p>"
    assert "员工出差" in _load(tmp_path, "a.html", page.format("gbk").encode())[0].page_content
    assert "员工出差" in _load(tmp_path, "b.html", page.format("utf-8").encode("gbk"))[0].page_content
    assert "员工出差" in _load(tmp_path, "c.html", page.format("no-such-thing").encode("gbk"))[0].page_content


def test_nested_lists_merged_cells_code_and_old_layout_tables(tmp_path: Path) -> None:
    (document,) = _load(
        tmp_path,
        "a.html",
        "<ul><li>甲<ol><li>一</li><li>二</li></ol></li></ul><pre>x = 1\n  y</pre>"
        "<table><tr><th rowspan=2>a<th colspan=2>b</tr><tr><td>1<td>2</tr></table>"
        "<table><tr><td><h1>不是表格</h1></td><td>布局</td></tr></table>",
    )[:1]
    assert document.page_content == (
        "- 甲\n  1. 一\n  2. 二\n```\nx = 1\n  y\n```\n\n| a | b | b |\n| --- | --- | --- |\n| a | 1 | 2 |"
    )


def test_elements_nested_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="nested"):
        _load(tmp_path, "a.html", "<html>" + "<div>" * 5000 + "x")


def test_markdown_sections_keep_their_source() -> None:
    documents = list(load(SAMPLES / "guide.md", "MarkdownLoader"))
    assert [document.metadata["headings"] for document in documents] == [
        [],
        ["安装", "准备"],
        ["安装", "参数表"],
        ["维护 FAQ"],
    ]
    assert {document.metadata["title"] for document in documents} == {"X200 使用指南"}
    assert documents[1].page_content == (
        "# 安装\n\n## 准备\n\n请先阅读**安全须知**。\n\n```bash\n# 这不是标题\nmake run\n```"
    )


def test_markdown_underlined_headings_and_headings_without_text(tmp_path: Path) -> None:
    documents = _load(tmp_path, "a.md", "标题\n====\n\n正文\n\n## 空\n## 满\n内容\n\n> # 引文里的标题\n")
    assert [document.metadata["headings"] for document in documents] == [["标题"], ["标题", "空"], ["标题", "满"]]
    assert documents[2].page_content == "## 满\n内容\n\n> # 引文里的标题"


def test_markdown_with_windows_line_ends_and_a_rule_that_is_no_front_matter(tmp_path: Path) -> None:
    (document,) = _load(tmp_path, "a.md", "---\r\n正文\r\n")
    assert document.page_content == "---\n正文"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_values_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(
        delimiter.join(row) for row in (["编号", "名称"], ["1", "螺栓, 长" if delimiter == ";" else "螺栓"])
    )
    (document,) = _load(tmp_path, "a.csv", text)
    assert document.page_content.startswith("编号: 1\n名称: 螺栓")


def test_rows_are_numbered_and_blank_ones_passed_over(tmp_path: Path) -> None:
    documents = _load(tmp_path, "a.csv", '\ufeff名称,,备注\n\n甲,x,"两\n行"\n,,\n乙,,,多\n')
    assert [(document.metadata["row"], document.page_content) for document in documents] == [
        (1, "名称: 甲\ncolumn 2: x\n备注: 两\n行"),
        (2, "名称: 乙\ncolumn 4: 多"),
    ]


def test_a_cell_without_end_is_refused_and_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="near line"):
        _load(tmp_path, "a.csv", 'a,b\n1,"' + "x" * 200_000)


def test_only_a_header_is_no_row(tmp_path: Path) -> None:
    assert _load(tmp_path, "a.csv", "a,b\n") == []


def test_long_text_comes_in_parts_cut_at_line_ends(tmp_path: Path) -> None:
    text = "第一行的内容。\n" * 400_000
    documents = _load(tmp_path, "a.txt", text)
    assert len(documents) > 1
    assert "".join(document.page_content for document in documents) == text
    assert all(document.page_content.endswith("\n") for document in documents)
