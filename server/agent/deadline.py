"""Events of a task of their own, until the time is over."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from server.errors import AgentTimeLimit
from server.types import ChatEvent

Events = AsyncGenerator[ChatEvent, None]
_Queue = asyncio.Queue[ChatEvent | None]
"""None is the end."""


async def within(events: Events, seconds: float) -> Events:
    """The same events. One task works on them all, so that ending it ends whatever tool or model is at work.

    Raises:
        AgentTimeLimit: the time is over before the events are.
    """
    queue: _Queue = asyncio.Queue(maxsize=1)
    task = asyncio.create_task(_pump(events, queue))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    try:
        while (event := await _next(queue, deadline - loop.time(), seconds)) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _next(queue: _Queue, left_s: float, seconds: float) -> ChatEvent | None:
    if not queue.empty():
        return queue.get_nowait()  # who reads slowly does not run out of time by that
    try:
        return await asyncio.wait_for(queue.get(), max(left_s, 0))
    except asyncio.TimeoutError:
        raise AgentTimeLimit(seconds=f"{seconds:g}") from None


async def _pump(events: Events, queue: _Queue) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(event)
    except Exception:
        await queue.put(None)
        raise
    await queue.put(None)
