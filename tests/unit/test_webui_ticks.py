"""A reader that is never kept waiting."""

import threading
import time

import pytest

from webui_pages.ticks import with_ticks


def test_items_come_in_order():
    assert [item for item in with_ticks((n for n in range(50)), 5) if item is not None] == list(range(50))


def test_silence_gives_ticks():
    gate = threading.Event()

    def slow():
        gate.wait(5)
        yield "late"

    got = with_ticks(slow(), 0.01)
    assert [next(got), next(got)] == [None, None]
    gate.set()
    assert [item for item in got if item] == ["late"]


def test_what_the_stream_raises_reaches_the_reader():
    def broken():
        yield 1
        raise KeyError("reason")

    got = with_ticks(broken(), 5)
    assert next(got) == 1
    with pytest.raises(KeyError, match="reason"):
        next(got)


def test_closing_closes_the_stream():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 1
                time.sleep(0.005)
        finally:
            closed.set()

    got = with_ticks(endless(), 5)
    next(got)
    got.close()
    assert closed.wait(30)
