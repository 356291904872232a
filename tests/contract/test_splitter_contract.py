"""What every splitter promises: nothing lost, nothing too long, nothing changed on the way."""

import copy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from text_splitter.table import SPLITTERS, UnknownSplitter, make_splitter

PIECES = st.sampled_from(
    ["知问", "保修期为二十四个月", "。", "！”", "，", "；", "\n", "\n\n", "\r\n", " ", "　", "hello", "3.5", ". ", "? ",
     "1. ", "- ", "| a | b |\n| --- | --- |\n", "| 1 | 2 |\n", "```py\n", "```\n", "e\u0301", "👨\u200d👩\u200d👧",
     "x" * 40, "字" * 40]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join))
SIZES = st.tuples(st.integers(5, 60), st.integers(0, 59)).filter(lambda sizes: sizes[1] < sizes[0])
# The tests are inherited, so each runs in several classes; these differ in their names only.
PROPERTY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def _visible(text: str) -> str:
    return "".join(text.split())


class SplitterContract:
    """A subclass names a splitter. `repeats` tells whether chunks may begin with text from further up (table heads)."""

    name: str
    repeats: bool

    def split(self, text: str, size: int, overlap: int) -> list[Document]:
        return make_splitter(self.name, size, overlap).split_documents([Document(page_content=text)])

    def _place(self, chunk: Document, content: str, text: str, done: int) -> tuple[int, int]:
        """Where a chunk's own text starts among the visible characters, -1 if it is not there, and its length."""
        whole = _visible(text)
        if "start_index" not in chunk.metadata:
            return whole.rfind(content, 0, done + len(content)), len(content)
        start = len(_visible(text[: chunk.metadata["start_index"]]))
        own = next((n for n in range(len(content), 0, -1) if whole.startswith(content[-n:], start)), 0)
        assert own == len(content) or self.repeats
        return (start if start <= done else -1), own

    def test_is_a_langchain_splitter(self) -> None:
        assert isinstance(make_splitter(self.name, 250, 50), TextSplitter)

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    def test_no_chunk_is_empty_or_too_long(self, text: str, sizes: tuple[int, int]) -> None:
        for chunk in self.split(text, *sizes):
            assert 0 < len(chunk.page_content) <= sizes[0]
            assert chunk.page_content.strip()

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    @example(text="甲，乙。" * 30, sizes=(10, 9))
    def test_no_text_is_lost_or_changes_its_order(self, text: str, sizes: tuple[int, int]) -> None:
        whole, done = _visible(text), 0
        for chunk in self.split(text, *sizes):
            content = _visible(chunk.page_content)
            start, own = self._place(chunk, content, text, done)
            assert start >= 0, "text between two chunks is missing"
            done = max(done, start + own)
        assert done == len(whole)

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    def test_same_text_same_chunks(self, text: str, sizes: tuple[int, int]) -> None:
        assert self.split(text, *sizes) == self.split(text, *sizes)

    def test_documents_are_split_on_their_own_and_stay_as_they_are(self) -> None:
        given_documents = [
            Document(page_content="第一页的句子。" * 20, metadata={"page": 1, "headings": ["总则"]}),
            Document(page_content="", metadata={"page": 2}),
            Document(page_content="第三页。", metadata={"page": 3}),
        ]
        before = copy.deepcopy(given_documents)
        chunks = make_splitter(self.name, 50, 10).split_documents(given_documents)
        assert given_documents == before
        assert [chunk.metadata["page"] for chunk in chunks] == [1] * (len(chunks) - 1) + [3]
        assert chunks[0].metadata["headings"] == ["总则"]
        chunks[0].metadata["headings"].append("changed")
        assert chunks[1].metadata["headings"] == given_documents[0].metadata["headings"] == ["总则"]

    def test_a_row_that_fits_is_one_chunk_and_a_long_one_is_split(self) -> None:
        rows = [
            Document(page_content="编号: A-1\n客户: 张三", metadata={"row": 1}),
            Document(page_content="备注: " + "很长的备注，" * 20, metadata={"row": 2}),
        ]
        chunks = make_splitter(self.name, 50, 10).split_documents(rows)
        assert [chunk.metadata["row"] for chunk in chunks].count(1) == 1
        assert [chunk.metadata["row"] for chunk in chunks].count(2) > 1

    def test_overlap_above_the_size_is_refused(self) -> None:
        with pytest.raises(ValueError, match="overlap"):
            make_splitter(self.name, 10, 11)


class TestChineseRecursiveTextSplitter(SplitterContract):
    name, repeats = "ChineseRecursiveTextSplitter", True


class TestRecursiveCharacterTextSplitter(SplitterContract):
    name, repeats = "RecursiveCharacterTextSplitter", False


def test_every_splitter_of_the_table_keeps_the_contract() -> None:
    assert {each.name for each in SplitterContract.__subclasses__()} == set(SPLITTERS)


def test_unknown_splitter_names_the_known_ones() -> None:
    with pytest.raises(UnknownSplitter, match="ChineseRecursiveTextSplitter"):
        make_splitter("NoSuchSplitter", 250, 50)


def test_a_splitter_plugs_in_by_its_address() -> None:
    assert make_splitter("langchain_text_splitters:CharacterTextSplitter", 100, 0).split_text("甲乙") == ["甲乙"]
