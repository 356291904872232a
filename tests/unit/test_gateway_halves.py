"""Characters that a service sends in two halves."""

import json

import pytest

from server.llm.openai_stream import _Answer


def said(*contents: str) -> list[str]:
    """The texts of the pieces that events with these contents, as JSON writes them, become."""
    answer = _Answer()
    pieces = [answer.take({"choices": [{"delta": {"content": json.loads(f'"{content}"')}}]}) for content in contents]
    return [piece.text for piece in pieces if piece]


@pytest.mark.parametrize(
    ("contents", "texts"),
    [
        (("好", "的"), ["好", "的"]),
        (("好\\ud83d\\ude00",), ["好😀"]),
        (("好\\ud83d", "\\ude00的"), ["好", "😀的"]),
        (("\\ud83d", "\\ude00"), ["😀"]),
        (("\\ud83d", "的"), ["\ufffd的"]),
        (("\\ude00",), ["\ufffd"]),
        (("好\\ud83d",), ["好"]),
    ],
)
def test_halves_are_put_together_and_a_half_alone_is_no_text(contents: tuple[str, ...], texts: list[str]) -> None:
    assert said(*contents) == texts
    "".join(texts).encode()
