"""Lines of text and Markdown, source code, notebooks, subtitles, reStructuredText, notes."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from document_loaders.errors import DocumentUnreadable
from document_loaders.table import load, loader_for

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _load(tmp_path: Path, name: str, content: str) -> list[Document]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return list(load(path, loader_for(path)))


def _sample(name: str) -> list[Document]:
    return list(load(SAMPLES / name, loader_for(SAMPLES / name)))


@pytest.mark.parametrize("sample", ["poem.txt", "service.log", "guide.md", "fee.py", "service.toml", "service.yaml"])
def test_every_document_is_just_the_lines_that_it_names(sample: str) -> None:
    lines = (SAMPLES / sample).read_text(encoding="utf-8").split("\n")
    seen = 0
    for document in _sample(sample):
        first, last = document.metadata["lines"]
        assert first > seen
        assert document.page_content.rstrip("\n") == "\n".join(lines[first - 1 : last])
        assert not any(line.strip() for line in lines[seen : first - 1] if sample != "guide.md")
        seen = last


def test_lines_go_on_in_the_parts_of_a_long_text(tmp_path: Path) -> None:
    text = "第一行的内容。\n" * 400_000
    documents = _load(tmp_path, "a.txt", text)
    ranges = [each.metadata["lines"] for each in documents]
    assert ranges[0][0] == 1
    assert ranges[-1][1] == 400_000
    assert [first for first, _ in ranges[1:]] == [last + 1 for _, last in ranges[:-1]]


def test_python_is_cut_by_its_definitions_not_by_what_strings_hold() -> None:
    documents = _sample("fee.py")
    assert [each.metadata.get("headings") for each in documents] == [None, ["fee"], None, ["Warehouse"]]
    assert documents[1].page_content.startswith("@cache\ndef fee")
    assert "def not_a_function" in documents[2].page_content
    assert documents[3].page_content.startswith("# 仓库\nclass Warehouse:")


def test_code_with_faults_is_read_all_the_same(tmp_path: Path) -> None:
    source = 'def one():\n    pass\n\n\ndef two(:\n    return """open\n'
    documents = _load(tmp_path, "a.py", source)
    assert "".join(each.page_content for each in documents).replace("\n", "") == source.replace("\n", "")


def test_tables_and_keys_with_what_belongs_to_them() -> None:
    assert [each.metadata.get("headings") for each in _sample("service.toml")] == [None, ["数据库"], ["用户"]]
    assert "[not.a.table]" in _sample("service.toml")[1].page_content
    yaml = _sample("service.yaml")
    assert [each.metadata.get("headings") for each in yaml] == [None, ["services"], ["volumes"]]
    assert yaml[1].page_content.startswith("# 服务\nservices:")


def test_yaml_is_not_executed(tmp_path: Path) -> None:
    source = "a: !!python/object/apply:os.system ['touch hacked']\nb: &x [*x]\n---\n- 一\n- 二\n"
    documents = _load(tmp_path, "a.yaml", source)
    assert "".join(each.page_content + "\n" for each in documents) == source
    assert not (tmp_path / "hacked").exists()


def test_a_notebook_by_cells() -> None:
    documents = _sample("sales.ipynb")
    assert [(each.metadata["part"], each.metadata["headings"]) for each in documents] == [
        ("cell 1", ["销售分析"]),
        ("cell 2", ["销售分析"]),
        ("cell 4", ["销售分析", "结论"]),
    ]
    assert documents[0].page_content == "# 销售分析\n数据来自 2024 年。"
    assert documents[1].page_content == (
        "```python\ntotal = 1280\ntotal\n```\n\n```\n100%\n合计 1280\n```\n\n```\nKeyError: '金额'\n```"
    )


def test_subtitles_are_parted_at_pauses() -> None:
    first, second = _sample("film.srt")
    assert first.page_content == "你好，欢迎观看。\n今天我们介绍 X200 的保修。"
    assert first.metadata == {"part": "00:01:02–00:01:08", "lines": [2, 8]}
    assert second.page_content == "保修期为二十四个月"
    assert second.metadata == {"part": "00:02:05–00:02:08", "lines": [11, 12]}


def test_web_subtitles_keep_the_speakers_and_drop_notes_and_styles() -> None:
    (document,) = _sample("film.vtt")
    assert document.page_content == "张三: 你好 & 再见\n李四: 保修多久？"
    assert document.metadata["part"] == "00:00:02–00:00:06"


def test_subtitles_without_blank_lines_and_with_repeated_ones(tmp_path: Path) -> None:
    said = ("甲", "甲", "乙")
    text = "\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}" for n, text in enumerate(said, start=1))
    (document,) = _load(tmp_path, "a.srt", text)
    assert document.page_content == "甲 乙"


def test_long_talk_comes_in_passages_of_a_minute(tmp_path: Path) -> None:
    cues = [f"{n // 60:02}:{n % 60:02}.000 --> {n // 60:02}:{n % 60:02}.900\n第{n}句话" for n in range(300)]
    documents = _load(tmp_path, "a.vtt", "WEBVTT\n\n" + "\n\n".join(cues))
    assert 5 <= len(documents) <= 6
    assert " ".join(each.page_content for each in documents) == " ".join(f"第{n}句话" for n in range(300))


def test_restructured_text_opens_nothing_and_shows_no_raw_html() -> None:
    first, second = _sample("manual.rst")
    assert first.page_content == "使用手册\n请看 保修 一节。"
    assert second.metadata["headings"] == ["使用手册", "参数"]
    assert second.page_content == (
        "参数\n\n| 项目 | 数值 |\n| --- | --- |\n| 重量 | 320 克 |\n\n.. versionadded:: 2.0\n   新的电池。\n\n"
        ".. include:: /etc/hostname\n\n1. 清洁滤网\n2. 更换电池"
    )


def test_restructured_text_with_merged_cells_fields_and_faults(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    text = (
        "+---+---+\n| a | b |\n+---+---+\n| c     |\n+---+---+\n\n:作者: 张三\n\n*open\n\n标题\n=\n\n.. note:: 注意\n"
    )
    (document,) = _load(tmp_path, "a.rst", text)
    assert "| a | b |\n| --- | --- |\n| c | c |" in document.page_content
    for words in ("作者: 张三", "*open", "标题", "注意"):
        assert words in document.page_content
    assert capfd.readouterr() == ("", "")


def test_notes_with_their_dates_to_dos_and_attachments_but_no_secrets() -> None:
    first, second = _sample("notes.enex")
    assert first.page_content == (
        "周会\nCreated: 2024-05-01 10:00 UTC\nTags: 工作\n\n讨论保修政策\n[x] 发报价\n[ ] 回电话\n"
        "[encrypted 已加密]\n\nAttachment: 白板.png"
    )
    assert first.metadata == {"part": "note 1", "headings": ["周会"], "lines": [3, 9]}
    assert second.page_content == "购物\n\n滤网两个"


def test_a_large_ordered_list_takes_no_time_that_grows_by_its_square(tmp_path: Path) -> None:
    (document,) = _load(tmp_path, "a.html", "<html><ol>" + "<li>项</li>" * 5000 + "</ol>")
    assert document.page_content.endswith("\n5000. 项")


def test_pages_never_show_scripts_or_embedded_pictures(tmp_path: Path) -> None:
    page = (
        "<html><body><table><tr><td>甲<script>bad()</script></td><td>乙<style>bad{}</style></td></tr></table>"
        "<pre>x<script>bad()</script></pre><h1>标题<script>bad()</script></h1>"
        '<p onclick="bad()">文<img alt="" src="data:image/png;base64,bad"></p><!-- bad --><svg><text>bad</text></svg>'
    )
    assert "bad" not in "".join(each.page_content for each in _load(tmp_path, "a.html", page))


def test_an_empty_notebook_and_one_that_is_none(tmp_path: Path) -> None:
    assert _load(tmp_path, "a.ipynb", '{"cells": [], "metadata": {}}') == []
    with pytest.raises(DocumentUnreadable, match="no Jupyter notebook"):
        _load(tmp_path, "b.ipynb", '{"cells": 1}')
