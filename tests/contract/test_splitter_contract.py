"""What every splitter promises: nothing lost, nothing too long, nothing changed on the way, every place true."""

import copy
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_text_splitters import TextSplitter

from text_splitter.table import SPLITTERS, UnknownSplitter, make_splitter

PIECES = st.sampled_from(
    ["知问", "保修期为二十四个月", "。", "！”", "，", "；", "\n", "\n\n", "\r\n", " ", "　", "hello", "3.5", ". ", "? ",
     "1. ", "- ", "# ", "## 标题\n", "| a | b |\n| --- | --- |\n", "| 1 | 2 |\n", "```py\n", "```\n", "e\u0301",
     "👨\u200d👩\u200d👧", "（", "x" * 40, "字" * 40]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join))
SIZES = st.tuples(st.integers(5, 60), st.integers(0, 59)).filter(lambda sizes: sizes[1] < sizes[0])
# The tests are inherited, so each runs in several classes; these differ in their names only.
SUPPRESSED = [HealthCheck.differing_executors, HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=SUPPRESSED)
CODE = "```python\ndef f(x):\n\n    return x. y\n```"
TABLE = "| 项目 | 数 |\n| --- | --- |\n| 笔，一 | 3。5 |\n| 纸；二 | 7. 1 |"
SENTENCE = "保修期为二十四个月，自购买之日起计算。"


def _visible(text: str) -> str:
    return "".join(text.split())


def _own(chunk: Document, text: str) -> tuple[int, int]:
    """The visible characters before a chunk's own text, and how many its own text has, to judge by `start_index`."""
    whole, content = _visible(text), _visible(chunk.page_content)
    start = chunk.metadata["start_index"]
    before = len(_visible(text[:start]))
    own = next((n for n in range(len(content), 0, -1) if whole.startswith(content[-n:], before)), 0)
    head = content[: len(content) - own]
    assert own
    assert chunk.page_content.startswith(text[start]) or head
    assert not head or (head.startswith("|") and head in whole), "text in front that is no repeated table head"
    return before, own


class SplitterContract:
    """A subclass names a splitter, and may measure in other units than characters."""

    name: str
    tokenizer = ""

    def make(self, size: int, overlap: int) -> TextSplitter:
        return make_splitter(self.name, size, overlap, self.tokenizer)

    def length(self, text: str) -> int:
        return len(text)

    def split(self, text: str, size: int, overlap: int) -> list[Document]:
        return self.make(size, overlap).split_documents([Document(page_content=text)])

    def test_is_a_langchain_splitter(self) -> None:
        assert isinstance(self.make(250, 50), TextSplitter)

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    def test_no_chunk_is_empty_or_too_long(self, text: str, sizes: tuple[int, int]) -> None:
        for chunk in self.split(text, *sizes):
            assert chunk.page_content.strip()
            assert self.length(chunk.page_content) <= sizes[0] or len(chunk.page_content) == 1

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    @example(text="甲，乙。" * 30, sizes=(10, 9))
    @example(text=f"{SENTENCE}\n\n{TABLE}\n\n{SENTENCE}", sizes=(40, 10))
    def test_no_text_is_lost_and_every_place_is_true(self, text: str, sizes: tuple[int, int]) -> None:
        done = 0
        for chunk in self.split(text, *sizes):
            before, own = _own(chunk, text)
            assert before <= done, "text between two chunks is missing"
            done = max(done, before + own)
        assert done == len(_visible(text))

    @PROPERTY
    @given(text=TEXTS, sizes=SIZES)
    def test_same_text_same_chunks(self, text: str, sizes: tuple[int, int]) -> None:
        assert self.split(text, *sizes) == self.split(text, *sizes)

    def test_documents_are_split_on_their_own_and_stay_as_they_are(self) -> None:
        given_documents = [
            Document(page_content="第一页的句子。" * 20, metadata={"page": 1, "headings": ["总则"], "source": "a.md"}),
            Document(page_content="", metadata={"page": 2}),
            Document(page_content="第三页。", metadata={"page": 3}),
        ]
        before = copy.deepcopy(given_documents)
        chunks = self.make(50, 10).split_documents(given_documents)
        assert given_documents == before
        assert [chunk.metadata["page"] for chunk in chunks] == [1] * (len(chunks) - 1) + [3]
        assert chunks[0].metadata["headings"] == ["总则"]
        assert all(chunk.metadata["source"] == "a.md" for chunk in chunks[:-1])
        chunks[0].metadata["headings"].append("changed")
        assert chunks[1].metadata["headings"] == given_documents[0].metadata["headings"] == ["总则"]

    def test_sentences_that_fit_are_not_torn(self) -> None:
        for sentence, glue in ((SENTENCE, ""), ("It costs 3.5 euros in all.", " ")):
            chunks = self.split(glue.join([sentence] * 20), self.length(sentence) * 3 + 3, 0)
            assert len(chunks) > 5
            if self.name != "RecursiveCharacterTextSplitter":  # LangChain's knows no ends of sentences
                assert all(chunk.page_content.endswith((".", "。")) for chunk in chunks)
                assert all(chunk.page_content.startswith(sentence[:3]) for chunk in chunks)

    @pytest.mark.parametrize("block", [CODE, TABLE])
    def test_code_and_tables_stay_whole_where_they_fit(self, block: str) -> None:
        size = self.length(block) + 5
        chunks = self.split(f"{SENTENCE * 4}\n\n{block}\n\n{SENTENCE * 4}", size, 0)
        kept = [chunk.page_content for chunk in chunks]
        rows = block.split("\n")[2:] if block == TABLE else [block]
        assert all(any(row in content for content in kept) for row in rows)

    @pytest.mark.parametrize("place", [{"row": 7}, {"sheet": "一月", "rows": [2, 31]}])
    def test_a_row_that_fits_is_never_torn(self, place: dict[str, object]) -> None:
        rows = [f"第{i}行。客户，张三；备注. 完" for i in range(30)]
        document = Document(page_content="\n".join(rows), metadata=place)
        chunks = self.make(self.length(rows[29]) * 2, 10).split_documents([document])
        lines = [line for chunk in chunks for line in chunk.page_content.split("\n")]
        assert [line for line in lines if line] == rows

    def test_a_sheet_repeats_its_head_and_knows_its_rows(self) -> None:
        head = "| 编号 | 客户 |\n| --- | --- |\n"
        rows = [f"| A-{i:02} | 张三。李四 |" for i in range(2, 32)]
        document = Document(page_content=head + "\n".join(rows), metadata={"sheet": "一月", "rows": [2, 31]})
        chunks = self.make(self.length(head) * 4, 10).split_documents([document])
        assert len(chunks) > 3
        for chunk in chunks:
            first, last = chunk.metadata["rows"]
            assert chunk.page_content == head + "\n".join(rows[first - 2 : last - 1])
            start = chunk.metadata["start_index"]
            assert document.page_content.startswith((head, rows[first - 2]), start)

    def test_a_row_longer_than_a_chunk_is_split(self) -> None:
        rows = [
            Document(page_content="编号: A-1\n客户: 张三", metadata={"row": 1}),
            Document(page_content="备注: " + "很长的备注，" * 20, metadata={"row": 2}),
        ]
        chunks = self.make(self.length(rows[1].page_content) // 2, 10).split_documents(rows)
        assert [chunk.metadata["row"] for chunk in chunks].count(1) == 1
        assert [chunk.metadata["row"] for chunk in chunks].count(2) > 1

    def test_lines_and_boxes_are_those_of_the_chunk(self) -> None:
        lines = [f"第{i}行的内容说明，共三十行。" for i in range(30)]
        text = "\n".join(lines)
        spans = [[text.index(line), text.index(line) + len(line), [0, i, 1, i + 1]] for i, line in enumerate(lines)]
        document = Document(page_content=text, metadata={"lines": [11, 40], "spans": spans})
        chunks = self.make(self.length(lines[29]) * 3, 0).split_documents([document])
        assert len(chunks) > 5
        for chunk in chunks:
            first, last = chunk.metadata["lines"]
            assert chunk.page_content.strip() == "\n".join(lines[first - 11 : last - 10])
            for start, end, (_, index, _, _) in chunk.metadata["spans"]:
                assert chunk.page_content[start:end] == lines[index]
            assert len(chunk.metadata["spans"]) == last - first + 1

    def test_overlap_above_the_size_is_refused(self) -> None:
        with pytest.raises(ValueError, match="overlap"):
            self.make(10, 11)


class TestChineseRecursiveTextSplitter(SplitterContract):
    name = "ChineseRecursiveTextSplitter"


class TestChineseTextSplitter(SplitterContract):
    name = "ChineseTextSplitter"


class TestRecursiveCharacterTextSplitter(SplitterContract):
    name = "RecursiveCharacterTextSplitter"


class TestMarkdownHeaderTextSplitter(SplitterContract):
    name = "MarkdownHeaderTextSplitter"


@pytest.mark.skipif(not importlib.util.find_spec("spacy"), reason="spaCy is not installed")
class TestSpacyTextSplitter(SplitterContract):
    name = "SpacyTextSplitter"


class TestAliTextSplitter(SplitterContract):
    name = "AliTextSplitter"

    @pytest.fixture(autouse=True)
    def _stand_in(self, modelscope: None) -> None:
        """The model's place is taken by a rule that ends a paragraph after every second sentence."""


@pytest.fixture
def modelscope(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from text_splitter import ali

    hub = types.ModuleType("modelscope")
    pipelines = types.ModuleType("modelscope.pipelines")
    hub.snapshot_download = lambda model, local_files_only: "folder"  # type: ignore[attr-defined]
    pipelines.pipeline = lambda **how: _segment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "modelscope", hub)
    monkeypatch.setitem(sys.modules, "modelscope.pipelines", pipelines)
    ali._pipeline.cache_clear()
    yield
    ali._pipeline.cache_clear()


def _segment(documents: str) -> dict[str, str]:
    sentences = [part.strip() for part in documents.replace("。", "。\n").split("\n") if part]
    breaks = ("\n\t" if index % 2 else "" for index in range(len(sentences)))
    return {"text": "\t" + "".join(part + end for part, end in zip(sentences, breaks, strict=True))}


class InTokens(SplitterContract):
    """The same promises with sizes in the tokens of a small tokenizer that is made on the spot."""

    encode: ClassVar[Callable[[str], Any]]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _tokenizer(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        tokenizers = pytest.importorskip("tokenizers")
        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(
            [SENTENCE, TABLE, CODE, "hello word. " * 9, "很长的备注，编号客户张三" * 3], trainer
        )
        folder: Path = tmp_path_factory.mktemp("tokenizer")
        tokenizer.save(str(folder / "tokenizer.json"))
        cls.tokenizer = str(folder)
        cls.encode = tokenizer.encode

    def length(self, text: str) -> int:
        return len(type(self).encode(text).ids)


class TestDefaultInTokens(InTokens):
    name = "ChineseRecursiveTextSplitter"


class TestSentencesInTokens(InTokens):
    name = "ChineseTextSplitter"


class TestRecursiveInTokens(InTokens):
    name = "RecursiveCharacterTextSplitter"


def test_every_splitter_of_the_table_keeps_the_contract() -> None:
    assert {each.name for each in SplitterContract.__subclasses__() if each is not InTokens} == set(SPLITTERS)


def test_unknown_splitter_names_the_known_ones() -> None:
    with pytest.raises(UnknownSplitter, match="ChineseRecursiveTextSplitter"):
        make_splitter("NoSuchSplitter", 250, 50)


def test_a_splitter_plugs_in_by_its_address() -> None:
    assert make_splitter("langchain_text_splitters:CharacterTextSplitter", 100, 0).split_text("甲乙") == ["甲乙"]
