"""Tokens that become text, and what a request asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.llm.workers.transformers_request import wishes
from server.llm.workers.transformers_text import AnswerText


def decode(ids):
    """Each token is a byte."""
    return bytes(ids).decode("utf-8", "replace")


def fed(data, stop=()):
    """Everything shown after each token, and the whole at the end."""
    text = AnswerText(decode, stop)
    shown = []
    for token in data:
        text.add(token)
        shown.append(text.shown)
        if text.stopped:
            break
    return text, shown


@given(st.text(max_size=30))
def test_text_grows_by_whole_characters(said):
    text, shown = fed(said.encode("utf-8", "surrogatepass"))
    whole = said.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\ufffd", "")
    assert text.complete == whole
    assert all(after.startswith(before) for before, after in zip(["", *shown], [*shown, whole], strict=True))


@given(st.binary(max_size=60))
def test_bytes_that_are_no_characters_are_left_out(data):
    text, shown = fed(data)
    assert text.complete == decode(data).replace("\ufffd", "")
    assert all(text.complete.startswith(one) for one in shown)


@given(
    st.text(alphabet="ab知。", max_size=20), st.lists(st.text(alphabet="ab知。", min_size=1, max_size=4), max_size=3)
)
def test_nothing_of_a_stop_word_is_ever_shown(said, stop):
    text, shown = fed(said.encode(), stop)
    # The word that is complete first ends the answer; of several that end together, the longest.
    found = [(said.find(word) + len(word), said.find(word)) for word in stop if word in said]
    assert text.complete == (said[: min(found)[1]] if found else said)
    assert text.stopped == bool(found)
    assert all(text.complete.startswith(one) for one in shown)


def test_a_request_wins_over_the_model_and_the_model_over_what_fastchat_fills_in():
    params = {"temperature": 0.7, "top_p": 0.5, "top_k": -1, "unset": ["temperature", "top_k"], "stop": "x", "seed": 7}
    made = wishes(params, {"temperature": 0.1, "top_k": 20, "top_p": 0.9}, max_tokens=5)
    assert (made.temperature, made.top_k, made.top_p) == (0.1, 20, 0.5)
    assert (made.stop, made.seed, made.max_tokens) == (["x"], 7, 5)
    assert wishes(params, {}, max_tokens=5).temperature == 0.7


@pytest.mark.parametrize(
    ("params", "greedy"),
    [
        ({"temperature": 0}, True),
        ({"top_p": 0.0}, True),
        ({"top_k": 1}, True),
        ({}, False),
        ({"temperature": 1}, False),
    ],
)
def test_when_the_most_probable_token_is_taken(params, greedy):
    assert wishes(params, {}, max_tokens=1).greedy is greedy
