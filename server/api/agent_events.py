"""Events of the agent → those of 0.2.10: `answer` …, `tools` after each tool, `final_answer` last.

Clients that ask for more also get each start and end of a tool, sources and notices as objects.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict

from server.api.events import Shape, Told
from server.api.sse import Event, Events
from server.types import ChatEvent, Token, ToolFinished, ToolStarted

Answer = AsyncGenerator[ChatEvent, None]


async def agent_events(answer: Answer, shape: Shape) -> Events:
    """What was said after the last tool is the final answer; before it, thoughts."""
    told = Told(shape)
    said: list[str] = []
    final: list[str] = []
    async with aclosing(answer):
        async for event in answer:
            if isinstance(event, ToolStarted):
                final = []
            elif isinstance(event, Token):
                final.append(event.text)
                said.append(event.text)
            elif isinstance(event, ToolFinished):
                said.append("\n" + "\n".join(labelled(event)) + "\n")
            extra = _event(event) or told.see(event)
            if shape.stream:
                for sent in (*told.opening(), *_sent(event, extra, shape)):
                    yield sent
    last = {"final_answer": "".join(final).strip(), "message_id": shape.message_id}
    if shape.more:
        last |= {"sources": told.sources, **told.rest}
    yield last if shape.stream else {"answer": "".join(said), **last}


def labelled(finished: ToolFinished) -> list[str]:
    """What became of a tool, as 0.2.10 shows it to people."""
    given = json.dumps(dict(finished.arguments), ensure_ascii=False)
    if finished.error:
        shown = [
            f"工具名称: {finished.name}",
            "工具状态: 调用失败",
            f"工具输入: {given}",
            f"错误信息: {finished.error}",
        ]
        return ["\n```\n", *shown, "\n```\n", "重新开始尝试\n"]
    shown = [f"工具名称: {finished.name}", "工具状态: 调用成功", f"工具输入: {given}", f"工具输出: {finished.output}"]
    return ["\n```\n", *shown, "\n```\n"]


def _sent(event: ChatEvent, extra: Event, shape: Shape) -> list[Event]:
    if isinstance(event, Token):
        return [{"answer": event.text}]
    events = [{"tools": labelled(event)}] if isinstance(event, ToolFinished) else []
    return [extra, *events] if extra and shape.more else events


def _event(event: ChatEvent) -> Event:
    if isinstance(event, ToolStarted):
        return {"tool_started": {**asdict(event), "arguments": dict(event.arguments)}}
    if isinstance(event, ToolFinished):
        return {"tool_finished": {**asdict(event), "arguments": dict(event.arguments)}}
    return {}
