"""What every loader promises, whatever its format."""

import gc
import importlib
import tempfile
import warnings
from pathlib import Path

import pytest
from langchain_core.document_loaders import BaseLoader

from document_loaders.errors import DocumentUnreadable
from document_loaders.table import LOADERS, load

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


class LoaderContract:
    """A subclass names a loader, a sample it reads with words that are in it, and files it must refuse."""

    name: str
    sample: str
    words: tuple[str, ...]
    place: str
    unreadable: tuple[str, ...] = ()

    def test_is_a_langchain_loader(self) -> None:
        module, _, attribute = LOADERS[self.name].partition(":")
        assert issubclass(getattr(__import__(module, fromlist=[attribute]), attribute), BaseLoader)

    def test_yields_the_text_in_reading_order(self) -> None:
        text = "\n".join(document.page_content for document in load(SAMPLES / self.sample, self.name))
        places = [text.index(word) for word in self.words]
        assert places == sorted(places)

    def test_every_document_has_text_and_says_where_it_stands(self) -> None:
        documents = list(load(SAMPLES / self.sample, self.name))
        assert documents
        for document in documents:
            assert document.page_content.strip()
            assert not self.place or self.place in document.metadata

    def test_same_file_same_documents(self) -> None:
        assert list(load(SAMPLES / self.sample, self.name)) == list(load(SAMPLES / self.sample, self.name))

    def test_closes_the_file_and_leaves_none_behind(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            list(load(SAMPLES / self.sample, self.name))
            gc.collect()
        assert not list(tmp_path.iterdir())
        open_files = Path("/proc/self/fd")
        if open_files.exists():
            targets = [str(link.readlink()) for link in open_files.iterdir() if link.is_symlink()]
            assert not [target for target in targets if target.endswith(self.sample)]

    def test_refuses_with_a_reason_in_both_languages(self) -> None:
        for sample in self.unreadable:
            with pytest.raises(DocumentUnreadable) as refusal:
                list(load(SAMPLES / sample, self.name))
            assert refusal.value.reason_en
            assert refusal.value.reason_zh
            assert str(SAMPLES) not in refusal.value.reason_en

    def test_a_missing_file_is_refused_without_its_path(self, tmp_path: Path) -> None:
        with pytest.raises(DocumentUnreadable) as refusal:
            list(load(tmp_path / self.sample, self.name))
        assert str(tmp_path) not in refusal.value.reason_en


class TestTextLoader(LoaderContract):
    name, sample, words, place = "TextLoader", "poem_gbk.txt", ("人生若只如初见", "却道故人心易变"), ""
    unreadable = ("binary.txt",)


class TestMarkdownLoader(LoaderContract):
    name, sample, place = "MarkdownLoader", "guide.md", "headings"
    words = ("欢迎使用", "# 安装", "# 这不是标题", "| 重量 | 320 克 |", "每三个月")
    unreadable = ("binary.txt",)


class TestPdfLoader(LoaderContract):
    name, sample, words, place = "PdfLoader", "manual.pdf", ("二十四个月", "twenty-four months", "PPR-9087"), "page"
    unreadable = ("corrupt.pdf", "password.pdf", "binary.txt", "empty.txt")


class TestDocxLoader(LoaderContract):
    name, sample, words, place = "DocxLoader", "rules.docx", ("本制度", "适用于", "| 年假 |", "均为工作日"), "headings"
    unreadable = ("corrupt.docx", "not_word.docx", "binary.txt", "empty.txt")


class TestCsvLoader(LoaderContract):
    name, sample, words, place = "CsvLoader", "orders_gb18030.csv", ("客户: 张三", "加急，周五前送达", "首单"), "row"
    unreadable = ("binary.txt",)


class TestTsvLoader(LoaderContract):
    name, sample, words, place = "TsvLoader", "orders.tsv", ("bolt, long", "price: 0.20"), "row"
    unreadable = ("binary.txt",)


class TestHtmlLoader(LoaderContract):
    name, sample, words, place = (
        "HtmlLoader",
        "page_gbk.htm",
        ("返回后十五日", "| 北京 | 600 元 |", "- 经济舱"),
        "headings",
    )
    unreadable = ("binary.txt",)


def test_every_loader_of_the_table_keeps_the_contract() -> None:
    for module in Path(__file__).parent.glob("test_loader_*.py"):
        importlib.import_module(module.stem)
    assert {each.name for each in LoaderContract.__subclasses__()} == set(LOADERS)
