"""Blocking iterators beside the event loop."""

import asyncio
import threading

import pytest

from server.api.background import in_thread
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
