"""Events from bytes, whatever the network made of them."""

import pytest

from webui_pages.sse import data_events

STREAM = (
    b': ping\r\n\r\ndata: {"a": 1}\r\n\r\n'
    b"event: x\r\ndata: first\r\ndata: second\r\n\r\nid: 7\r\n\r\ndata:tight\r\n\r\n"
)
EVENTS = ['{"a": 1}', "first\nsecond", "tight"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_do_not_depend_on_how_the_stream_is_cut(size):
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert list(data_events(chunks)) == EVENTS


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_all_three_line_ends(end):
    assert list(data_events([STREAM.replace(b"\r\n", end)])) == EVENTS


def test_a_carriage_return_at_the_end_of_a_chunk_and_its_line_feed_in_the_next_are_one_line_end():
    assert list(data_events([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"])) == ["a\nb"]


def test_characters_split_over_chunks():
    raw = "data: 知问\n\n".encode()
    assert list(data_events([raw[:8], raw[8:11], raw[11:]])) == ["知问"]


def test_unicode_line_separators_inside_the_data_do_not_end_the_line():
    text = "a\u2028b\u0085c\x0cd"
    assert list(data_events([f"data: {text}\n\n".encode()])) == [text]


def test_an_event_cut_off_before_its_blank_line_is_not_given():
    assert list(data_events([b"data: whole\n\n", b"data: half"])) == ["whole"]
    assert list(data_events([b"data: half\n"])) == []


def test_a_stream_of_comments_and_blank_lines_gives_nothing():
    assert list(data_events([b": ping\r\n\r\n", b"\n\n", b"retry: 5\n\n"])) == []
