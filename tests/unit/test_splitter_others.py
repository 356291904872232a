"""Sentence, spaCy, ModelScope and foreign splitters."""

import sys
import types
from itertools import pairwise

import pytest
from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from text_splitter import ali, spacy_sentences
from text_splitter.chinese import ChineseTextSplitter
from text_splitter.errors import MissingModel, MissingPackage
from text_splitter.foreign import ForeignSplitter
from text_splitter.table import make_splitter


def test_every_sentence_and_line_is_a_chunk() -> None:
    text = "第一章 总则\n他说：“今天不来了。”（完）真的？！\n1. Yes, 3.5 euros. 好；再见……"
    wanted = ["第一章 总则", "他说：“今天不来了。”", "（完）真的？！", "1. Yes, 3.5 euros.", "好；", "再见……"]
    assert ChineseTextSplitter(250, 0).split_text(text) == wanted


def test_a_long_sentence_is_cut_at_its_commas() -> None:
    assert ChineseTextSplitter(10, 5).split_text("甲甲甲甲甲，乙乙乙乙乙，丙丙。") == [
        "甲甲甲甲甲，",
        "乙乙乙乙乙，丙丙。",
    ]


def test_spacy_knows_chinese_sentences() -> None:
    pytest.importorskip("spacy")
    text = "你好。他说：“走吧。”（真的）然后走了！It is 3.5 euros. Yes\n\n末段"
    wanted = ["你好。", "他说：“走吧。”", "（真的）然后走了！", "It is 3.5 euros.", "Yes", "末段"]
    ends = spacy_sentences.SpacyTextSplitter(250, 0)._ends(text)
    assert [text[start:end].strip() for start, end in pairwise([0, *ends])] == wanted
    overlapping = make_splitter("SpacyTextSplitter", 20, 6).split_text("甲甲甲甲。乙乙乙乙。丙丙丙丙。丁丁丁丁。戊戊。")
    assert overlapping == ["甲甲甲甲。乙乙乙乙。丙丙丙丙。丁丁丁丁。", "丁丁丁丁。戊戊。"]


@pytest.mark.parametrize(("name", "package"), [("SpacyTextSplitter", "spacy"), ("AliTextSplitter", "modelscope")])
def test_a_missing_package_is_named_with_its_command(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    spacy_sentences._pipeline.cache_clear()
    ali._pipeline.cache_clear()
    with pytest.raises(MissingPackage, match=f"pip install {package}") as caught:
        make_splitter(name, 250, 50)
    assert caught.value.install == f"pip install {package}"


@pytest.mark.parametrize("newer", [False, True])
def test_a_missing_model_is_named_with_its_command(newer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class CacheError(Exception):
        pass

    def download(model: str, *, local_files_only: bool) -> str:
        assert local_files_only
        raise (CacheError if newer else ValueError)("Cannot find the requested files")

    hub, errors = types.ModuleType("modelscope"), types.ModuleType("modelscope_hub.errors")
    hub.snapshot_download = download  # type: ignore[attr-defined]
    errors.CacheError = CacheError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "modelscope", hub)
    monkeypatch.setitem(sys.modules, "modelscope.pipelines", types.ModuleType("modelscope.pipelines"))
    monkeypatch.setitem(sys.modules, "modelscope_hub", types.ModuleType("modelscope_hub") if newer else None)
    monkeypatch.setitem(sys.modules, "modelscope_hub.errors", errors if newer else None)
    ali._pipeline.cache_clear()
    with pytest.raises(MissingModel, match="modelscope download --model damo"):
        make_splitter("AliTextSplitter", 250, 50)


def test_the_models_paragraphs_are_found_again_whatever_it_does_to_blanks() -> None:
    text = "第一段 开始。\n  接着说。第二段在这里。\r\n又一句 话。尾"
    answer = "\t第一段 开始。接着说。\n\t第二段在这里。又一句话。\n\n\t尾\n\t"
    ends = list(ali._ends(text, answer.split("\n\t")))
    assert [text[:end] for end in ends] == ["第一段 开始。\n  接着说。", text[:-1], text]
    assert list(ali._ends(text, ["不在文中的段落。", "尾"])) == [len(text)]


class _Careless(TextSplitter):
    """Loses text, changes text, and heeds no size."""

    def split_text(self, text: str) -> list[str]:
        words = text.split(" ")
        return [words[0], words[2].upper(), " ".join(words[3:])]


def test_a_careless_splitter_loses_nothing() -> None:
    text = "alpha beta gamma " + "delta " * 20
    splitter = ForeignSplitter(_Careless(), 30, 5, lengths=None)
    chunks = splitter.split_documents([Document(page_content=text)])
    assert all(len(chunk.page_content) <= 30 for chunk in chunks)
    done = 0
    for chunk in chunks:
        start = chunk.metadata["start_index"]
        assert text.startswith(chunk.page_content, start)
        assert not text[done:start].strip()
        done = start + len(chunk.page_content)
    assert not text[done:].strip()
