"""Blocking iterators beside the event loop."""

import asyncio
import threading
import time

import pytest

from server.api.background import in_thread, later
from server.errors import KnowledgeBaseNotFound


def test_items_come_in_order_from_another_thread():
    threads = set()

    def items():
        for number in range(3):
            threads.add(threading.current_thread())
            yield number

    async def collect():
        return [item async for item in in_thread(items())]

    assert asyncio.run(collect()) == [0, 1, 2]
    assert threading.current_thread() not in threads


def test_the_error_of_the_iterator_is_raised_to_the_reader():
    def items():
        yield 1
        raise KnowledgeBaseNotFound(name="x")

    async def collect(found):
        async for item in in_thread(items()):
            found.append(item)

    found = []
    with pytest.raises(KnowledgeBaseNotFound):
        asyncio.run(collect(found))
    assert found == [1]


def test_the_work_goes_on_when_the_reader_leaves():
    finished, go_on = threading.Event(), threading.Event()

    def items():
        yield 1
        assert go_on.wait(5)
        yield 2
        finished.set()

    async def leave():
        reader = in_thread(items())
        await anext(reader)
        await reader.aclose()
        go_on.set()
        await asyncio.to_thread(finished.wait, 5)

    asyncio.run(leave())
    assert finished.is_set()


def test_later_runs_once_and_tells_its_result(caplog):
    done = threading.Event()

    def tidy():
        done.set()
        return "two repairs"

    caplog.set_level("INFO")
    later(0.01, tidy)
    assert done.wait(5)
    wait_for(lambda: "tidy: two repairs" in caplog.text)


def test_later_survives_an_error(caplog):
    def tidy():
        raise OSError("disk full")

    later(0, tidy)
    wait_for(lambda: "tidy failed" in caplog.text)


def test_later_can_be_called_off():
    done = threading.Event()

    def tidy():
        done.set()

    later(0.1, tidy)()
    assert not done.wait(0.3)


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
