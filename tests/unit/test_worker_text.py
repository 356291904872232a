"""Shortening and counting in the torch-free workers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.llm.workers.text_worker import _PIECE, count_tokens, cut


@pytest.mark.parametrize(
    ("text", "stop", "limit", "expected"),
    [
        ("一二三四五", [], 3, ("一二三", "length")),
        ("one two three", [], 2, ("one two", "length")),
        ("one two", [], 2, ("one two", "stop")),
        ("答案。END more", ["END"], 99, ("答案。", "stop")),
        ("a, b", ["", "zzz"], None, ("a, b", "stop")),
    ],
)
def test_cut(text, stop, limit, expected):
    assert cut(text, stop, limit) == expected


@given(st.text())
def test_pieces_are_the_whole_text(text):
    assert "".join(_PIECE.findall(text)) == text


def test_tokens():
    assert count_tokens("知问 supports PDF。") == 5
