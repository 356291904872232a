"""The loader contract for office files."""

import shutil
from pathlib import Path

import pytest
from test_loader_contract import SAMPLES, LoaderContract


class TestPptxLoader(LoaderContract):
    name, sample, place = "PptxLoader", "launch.pptx", "slide"
    words = ("第一段在上面", "第二段在下面", "讲慢一点", "| X201 | 999 元 |", "| 二月 | 99.5 |")
    unreadable = ("corrupt.pptx", "binary.txt", "empty.txt", "rules.docx")


class TestWorkbookLoader(LoaderContract):
    name, sample, place = "WorkbookLoader", "sales.xlsx", "rows"
    words = ("2024 年销售表", "| 华东 | 2024-05-01 | 120 | 15.5% |", "| 启用 | TRUE |")
    unreadable = ("corrupt.xlsx", "corners.xlsx", "far.xls", "sheet.docx", "binary.txt", "empty.txt", "password.docx")


class TestOdfLoader(LoaderContract):
    name, sample, place = "OdfLoader", "purchase.odt", "headings"
    words = ("自发布之日起", "1. 发出询价单", "- 附图纸", "| 五万元以下 | 部门经理 |", "紧急采购除外", "文本框里的提示")
    unreadable = ("corrupt.odt", "stock.ods", "binary.txt", "empty.txt")


class TestRtfLoader(LoaderContract):
    name, sample, words, place = "RtfLoader", "safety.rtf", ("安全须知", "请佩戴护目镜。😀", "| 1 | 2 |", "丄"), ""
    unreadable = ("binary.txt", "empty.txt")


class TestLegacyOfficeLoader(LoaderContract):
    name, sample, words, place = "LegacyOfficeLoader", "old_letter.doc", ("本制度", "均为工作日"), "headings"
    unreadable = ("binary.txt", "empty.txt", "rules.docx")

    @pytest.fixture(autouse=True)
    def stand_in(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        """A program by the name of LibreOffice's that always makes the same document."""
        folder = tmp_path_factory.mktemp("programs")
        write_program(folder, f'mkdir -p "$8" && cp "{SAMPLES / "rules.docx"}" "$8/source.docx"')
        monkeypatch.setenv("PATH", str(folder), prepend=":")


def write_program(folder: Path, script: str) -> None:
    shell = shutil.which("sh")
    (folder / "soffice").write_text(f"#!{shell}\n{script}\n")
    (folder / "soffice").chmod(0o755)
