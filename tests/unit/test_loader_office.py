"""Slides, OpenDocument, RTF and old Office files: order, merged cells, notes, pictures, damage, limits."""

import os
import sys
import time
import types
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from document_loaders import legacy_office
from document_loaders.base import LoadOptions
from document_loaders.docx import DocxLoader
from document_loaders.errors import DocumentUnreadable
from document_loaders.legacy_office import LegacyOfficeLoader
from document_loaders.odf import OdfLoader
from document_loaders.packages import check_package
from document_loaders.pptx import PptxLoader
from document_loaders.rtf import RtfLoader

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A stand-in for the reader of pictures that says how large they are."""
    met: list[bytes] = []

    def text_of(blob: bytes, options: LoadOptions) -> str:
        met.append(blob)
        return f"picture {len(met)}"

    module: Any = types.ModuleType("document_loaders.pictures")
    module.text_of = text_of
    monkeypatch.setitem(sys.modules, "document_loaders.pictures", module)
    return met


def png() -> BytesIO:
    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (40, 40), "white").save(out, "PNG")
    out.seek(0)
    return out


def changed(source: Path, target: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """A copy of a package in which the named parts have one text replaced by another."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for part in archive.infolist():
            old, new = changes.get(part.filename, ("", ""))
            content = archive.read(part)
            copy.writestr(part, content.replace(old.encode(), new.encode()) if old else content)
    return target


def test_slides_keep_order_titles_notes_and_merged_cells() -> None:
    first, second = PptxLoader(SAMPLES / "launch.pptx").load()
    assert first.metadata == {"slide": 1, "slides": 3, "headings": ["X200 发布"], "title": "产品发布"}
    assert first.page_content == ("X200 发布\n第一段在上面\n第二段在下面\n组里的文字\n\n[备注 Notes] 讲慢一点")
    assert second.page_content == (
        "数据\n\n| 型号 | 价格 |\n| --- | --- |\n| X200 | 999 元 |\n| X201 | 999 元 |\n\n\n"
        "|  | 销量 |\n| --- | --- |\n| 一月 | 120 |\n| 二月 | 99.5 |"
    )


def test_pictures_on_slides_are_read_only_where_that_is_asked_for(tmp_path: Path, pictures: list[bytes]) -> None:
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[6]).shapes.add_picture(png(), 0, 0)
    show.save(str(tmp_path / "a.pptx"))
    assert [each.page_content for each in PptxLoader(tmp_path / "a.pptx").load()] == ["[图片 Picture] picture 1"]
    assert pictures[0].startswith(b"\x89PNG")
    assert PptxLoader(tmp_path / "a.pptx", LoadOptions(ocr=False)).load() == []


def test_pictures_in_word_stand_in_their_place(tmp_path: Path, pictures: list[bytes]) -> None:
    word = docx.Document()
    word.add_paragraph("之前")
    word.add_picture(png())
    word.add_paragraph("之后")
    word.save(str(tmp_path / "a.docx"))
    (document,) = DocxLoader(tmp_path / "a.docx").load()
    assert document.page_content == "之前\n\n[图片 Picture] picture 1\n\n之后"
    assert len(pictures) == 1


def test_recognition_that_fails_is_not_called_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = types.ModuleType("document_loaders.pictures")
    module.text_of = lambda blob, options: int("no number")
    monkeypatch.setitem(sys.modules, "document_loaders.pictures", module)
    word = docx.Document()
    word.add_picture(png())
    word.save(str(tmp_path / "a.docx"))
    with pytest.raises(DocumentUnreadable, match="recognition of text"):
        DocxLoader(tmp_path / "a.docx").load()


def test_comments_close_the_section_and_text_boxes_follow_their_paragraph(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("甲", 1)
    paragraph = word.add_paragraph("正文")
    box = "<w:txbxContent><w:p><w:r><w:t>框里</w:t></w:r></w:p></w:txbxContent>"
    paragraph._p.append(parse_xml(f"<w:r {nsdecls('w')}><w:pict>{box}</w:pict></w:r>"))
    word.add_comment(paragraph.runs, "请核对")
    word.add_paragraph("后文")
    word.add_heading("乙", 1)
    word.add_paragraph("结束")
    word.sections[0].header.paragraphs[0].text = "页眉"
    word.save(str(tmp_path / "a.docx"))
    texts = [each.page_content for each in DocxLoader(tmp_path / "a.docx").load()]
    assert texts == ["甲\n正文\n框里\n后文\n[批注 Comment] 请核对", "乙\n结束"]


def test_footnotes_close_their_section(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("见注")
    paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>'))
    word.add_paragraph("后文")
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>出处</w:t></w:r></w:p></w:footnote>'
    add_part(word, "footnotes", f"<w:footnotes {nsdecls('w')}>{note}</w:footnotes>")
    word.save(str(tmp_path / "a.docx"))
    (document,) = DocxLoader(tmp_path / "a.docx").load()
    assert document.page_content == "见注[2]\n后文\n[2] 出处"


def add_part(word: Any, kind: str, xml: str) -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    name = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml"
    part = Part(PackURI(f"/word/{kind}.xml"), name, xml.encode(), word.part.package)
    word.part.relate_to(part, f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}")


def test_a_document_with_macros_and_one_with_dead_links_are_read(tmp_path: Path) -> None:
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macro = changed(SAMPLES / "rules.docx", tmp_path / "a.docm", {"[Content_Types].xml": (main, MACRO)})
    dead = '<Relationship Id="rId99" Type="http://x/image" Target="../NULL"/></Relationships>'
    links = {"word/_rels/document.xml.rels": ("</Relationships>", dead)}
    broken = changed(SAMPLES / "rules.docx", tmp_path / "b.docx", links)
    for path in (macro, broken):
        assert [each.page_content for each in DocxLoader(path).load()] == [
            each.page_content for each in DocxLoader(SAMPLES / "rules.docx").load()
        ]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "a.docx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        for _ in range(3):
            part.write(bytes(1 << 20))
    check_package(bomb, 3)
    for loader in (DocxLoader, PptxLoader, OdfLoader):
        with pytest.raises(DocumentUnreadable, match="unpacks to 3 MB"):
            loader(bomb, LoadOptions(max_unpacked_mb=2)).load()


def test_entities_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><office:document-content'
    path = changed(SAMPLES / "purchase.odt", tmp_path / "a.odt", {"content.xml": ("<office:document-content", entity)})
    path = changed(path, tmp_path / "b.odt", {"content.xml": ("由采购部", "&e;由采购部")})
    text = "".join(each.page_content for each in OdfLoader(path).load())
    assert "由采购部解释" in text
    assert "geheim" not in text


def test_opendocument_sections() -> None:
    before, buying, end = OdfLoader(SAMPLES / "purchase.odt").load()
    assert before.page_content == "本办法自发布之日起施行。"
    assert buying.metadata["headings"] == ["采购", "询价 比价"]
    assert buying.page_content == (
        "采购\n询价  比价\n至少三家供应商报价。\n1. 发出询价单\n  - 附图纸\n2. 收取报价\n\n"
        "| 金额 | 审批人 |\n| --- | --- |\n| 一万元以下 | 部门经理 |\n| 五万元以下 | 部门经理 |\n\n[1] 紧急采购除外。"
    )
    assert end.metadata["headings"] == ["附则"]


def test_opendocument_slides() -> None:
    first, second = OdfLoader(SAMPLES / "plan.odp").load()
    assert first.metadata == {"slide": 1, "slides": 2, "headings": ["年度计划"]}
    assert first.page_content == "年度计划\n上方的文字\n下方的文字\n\n[备注 Notes] 先讲背景"
    assert second.page_content == "| 季度 | 目标 |\n| --- | --- |\n| 一季度 | 120 台 |"


def test_rtf_with_raw_bytes_and_unknown_code_page(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(b"{\\rtf1\\ansi\\ansicpg936 " + "原样字节丄".encode("gbk") + b"\\par}")
    assert RtfLoader(path).load()[0].page_content == "原样字节丄"
    path.write_bytes(b"{\\rtf1\\ansi\\ansicpg1 plain\\par}")
    assert RtfLoader(path).load()[0].page_content == "plain"


class TestLegacyOffice:
    @pytest.fixture(autouse=True)
    def programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(legacy_office, "_USUAL_PLACES", ())
        monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}/usr/bin{os.pathsep}/bin")
        (tmp_path / "bin").mkdir()
        (tmp_path / "scratch").mkdir()

    @staticmethod
    def program(tmp_path: Path, script: str) -> None:
        (tmp_path / "bin" / "soffice").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "soffice").chmod(0o755)

    def test_without_libreoffice_the_reason_says_how_to_get_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        with pytest.raises(DocumentUnreadable, match="apt install libreoffice") as refusal:
            LegacyOfficeLoader(SAMPLES / "old_letter.doc").load()
        assert "LibreOffice" in refusal.value.reason_zh

    def test_slides_are_converted_in_scratch_and_nothing_is_left(self, tmp_path: Path) -> None:
        script = f'echo "$@" > {tmp_path}/asked; mkdir -p "$8"; cp {SAMPLES}/launch.pptx "$8/source.pptx"'
        self.program(tmp_path, script)
        first, _ = LegacyOfficeLoader(SAMPLES / "old_show.ppt", LoadOptions(scratch=tmp_path / "scratch")).load()
        assert first.metadata["slide"] == 1
        asked = (tmp_path / "asked").read_text()
        assert f"-env:UserInstallation=file://{tmp_path}/scratch/" in asked
        assert "--convert-to pptx" in asked
        assert not list((tmp_path / "scratch").iterdir())

    def test_one_that_hangs_is_ended_with_its_children(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(legacy_office, "_SECONDS", 0.5)
        self.program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
        with pytest.raises(DocumentUnreadable, match="within"):
            LegacyOfficeLoader(SAMPLES / "old_letter.doc", LoadOptions(scratch=tmp_path / "scratch")).load()
        assert is_gone(int((tmp_path / "child").read_text()))

    def test_one_that_makes_nothing_is_told(self, tmp_path: Path) -> None:
        self.program(tmp_path, "exit 1")
        with pytest.raises(DocumentUnreadable, match="LibreOffice cannot read it"):
            LegacyOfficeLoader(SAMPLES / "old_letter.doc", LoadOptions(scratch=tmp_path / "scratch")).load()


def is_gone(pid: int) -> bool:
    """Whether a process has ended; an ended one may wait for its new parent to notice."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
