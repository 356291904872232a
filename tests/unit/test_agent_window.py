"""What gives way when a conversation with tools outgrows the model."""

import asyncio

import pytest

from server.agent.deadline import within
from server.agent.window import SHORTENED, Part, fitted
from server.errors import AgentTimeLimit
from server.types import Token

PARTS = [
    Part("s" * 100),
    *(Part(str(n) * 100, "earlier") for n in range(4)),
    Part("q" * 100),
    Part("a" * 1000, "result"),
    Part("b" * 1000, "result"),
]


def test_what_fits_is_untouched():
    assert fitted(PARTS, 10_000, len) == [part.text for part in PARTS]


def test_earlier_turns_go_first_and_in_pairs():
    texts = fitted(PARTS, 2550, len)
    assert [text is None for text in texts] == [False, True, True, False, False, False, False, False]


def test_then_older_results_and_last_the_end_of_the_newest():
    texts = fitted(PARTS, 1000, len)
    assert [text is None for text in texts] == [False, True, True, True, True, False, False, False]
    assert texts[6].startswith("a" * SHORTENED)
    assert SHORTENED < len(texts[7]) < 500
    assert sum(len(text) + 16 for text in texts if text) <= 1000


async def collect(events):
    return [event async for event in events]


def test_a_deadline_ends_what_is_at_work():
    ended = []

    async def slow():
        try:
            yield Token("a")
            await asyncio.sleep(30)
        finally:
            ended.append(True)

    async def run():
        events = within(slow(), 0.1)
        assert await anext(events) == Token("a")
        with pytest.raises(AgentTimeLimit):
            await anext(events)

    asyncio.run(run())
    assert ended == [True]


def test_a_slow_reader_does_not_run_out_of_time():
    async def quick():
        for _ in range(5):
            yield Token("a")

    async def run():
        found = []
        async for event in within(quick(), 0.1):
            found.append(event)
            await asyncio.sleep(0.05)
        return found

    assert len(asyncio.run(run())) == 5


def test_closing_ends_what_is_at_work_and_errors_come_through():
    ended = []

    async def waiting():
        try:
            yield Token("a")
            await asyncio.sleep(30)
        finally:
            ended.append(True)

    async def broken():
        yield Token("a")
        raise ValueError("broken")

    async def run():
        events = within(waiting(), 30)
        await anext(events)
        await events.aclose()
        with pytest.raises(ValueError, match="broken"):
            await collect(within(broken(), 30))

    asyncio.run(run())
    assert ended == [True]
