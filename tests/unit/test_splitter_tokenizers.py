"""Tokenizers that count; nothing of them is ever downloaded."""

import hashlib
import sys
from pathlib import Path

import pytest

from text_splitter.errors import MissingModel, MissingPackage
from text_splitter.table import make_splitter
from text_splitter.tokenizers_on_disk import tokens_of

NAME = "ChineseRecursiveTextSplitter"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a tokenizer asked the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens_of.cache_clear()


def _words(folder: Path) -> str:
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordLevel({"[UNK]": 0, "word": 1}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(4)
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder)


def test_sizes_are_in_tokens_beyond_what_the_tokenizer_truncates_to(tmp_path: Path) -> None:
    folder = _words(tmp_path)
    chunks = make_splitter(NAME, 10, 0, tokenizer=folder).split_text("some longer word " * 20)
    assert [len(chunk.split()) for chunk in chunks] == [10] * 6
    assert chunks == make_splitter(NAME, 10, 0, tokenizer=f"{folder}/tokenizer.json").split_text(
        "some longer word " * 20
    )


def test_a_folder_without_tokenizer_json_is_converted(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\nword\n你\n好\n", "utf-8")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', "utf-8")
    lengths = tokens_of(str(tmp_path))
    assert lengths.count("word 你好") == 3
    assert list(lengths.starts("word 你好")) == [0, 5, 6]


@pytest.mark.parametrize("name", ["no/such-tokenizer", "not a name at all!", "/no/such/folder/bge"])
def test_a_tokenizer_that_is_not_here_is_named_with_its_command(name: str) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(MissingModel, match="hf download") as caught:
        make_splitter(NAME, 250, 50, tokenizer=name)
    assert "/no/such/folder" not in str(caught.value)


def test_an_empty_folder_is_no_tokenizer(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(MissingModel) as caught:
        tokens_of(str(tmp_path))
    assert str(tmp_path.parent) not in str(caught.value)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _words(tmp_path)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingPackage, match="pip install tokenizers"):
        tokens_of(folder)


def test_tiktoken_counts_only_with_its_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    with pytest.raises(MissingModel, match="TIKTOKEN_CACHE_DIR"):
        make_splitter(NAME, 250, 50, tokenizer="tiktoken:cl100k_base")
    bytes_only = {bytes([byte]): byte for byte in range(256)}
    encoding = tiktoken.Encoding(
        "bytes", pat_str=r"[\s\S]", mergeable_ranks=bytes_only, special_tokens={"<|end|>": 256}
    )
    address = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).write_bytes(b"")
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: encoding)
    chunks = make_splitter(NAME, 12, 0, tokenizer="tiktoken:cl100k_base").split_text("甲乙丙丁。戊己<|end|>")
    assert "".join(chunks) == "甲乙丙丁。戊己<|end|>"
    assert all(len(chunk.encode()) <= 12 for chunk in chunks)
