"""Runs the tool calls of one answer: within limits, with every failure as something the model can be told."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.agent.tool import OfferedTool, as_langchain, render_hits
from server.agent.toolbox import Offer
from server.errors import BadToolArguments, Language, ToolFailed, ToolTimeout, ZhiwenError
from server.types import Hit, ToolFinished

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """What a model asks for. `problem` says what is wrong with arguments that are no JSON object."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one tool call: seconds, and characters of what the model sees."""

    timeout_s: float
    output: int


@dataclass
class Runner:
    """Runs tools of one offer and collects the passages they find, numbered through the whole answer."""

    offer: Offer
    limits: Limits
    language: Language
    hits: list[Hit] = field(default_factory=list)

    async def run(self, call: Call) -> ToolFinished:
        """What became of the call. Cancelling this cancels the tool."""
        try:
            return await self.run_or_raise(call)
        except ZhiwenError as error:
            return ToolFinished(call.id, call.name, call.arguments, error=error.message(self.language))

    async def run_or_raise(self, call: Call) -> ToolFinished:
        """What the tool gave back.

        Raises:
            ZhiwenError: why it gave nothing.
        """
        output = await self._output(self.offer.find(call.name), call)
        return ToolFinished(call.id, call.name, call.arguments, output=output)

    async def _output(self, offered: OfferedTool, call: Call) -> str:
        if call.problem:
            raise BadToolArguments(name=call.name, reason=call.problem)
        wanted = {"type": "tool_call", "id": call.id, "name": call.name, "args": dict(call.arguments)}
        try:
            message = await asyncio.wait_for(as_langchain(offered).ainvoke(wanted), self.limits.timeout_s)
        except asyncio.TimeoutError:
            raise ToolTimeout(name=call.name, seconds=f"{self.limits.timeout_s:g}") from None
        except ZhiwenError:
            raise
        except ValueError as error:
            raise BadToolArguments(name=call.name, reason=_wrong(error)) from None
        except Exception as error:  # the edge to tools of others: one that breaks must not end the answer
            log.exception("the tool %s broke", call.name)
            kind = type(error).__name__
            raise ToolFailed(name=call.name, reason_en=f"it broke ({kind})", reason_zh=f"内部错误（{kind}）") from error
        if message.artifact:
            return self._numbered(message.artifact)
        return _cut(str(message.content), self.limits.output)

    def _numbered(self, hits: tuple[Hit, ...]) -> str:
        """As many passages as the limit lets the model see; only those can be cited."""
        first = len(self.hits) + 1
        shown: list[Hit] = []
        length = 0
        for hit in hits:
            length += len(hit.chunk.text)
            if shown and length > self.limits.output:
                break
            shown.append(hit)
        self.hits += shown
        return _cut(render_hits(shown, first), self.limits.output)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\n(cut: {len(text) - limit} more characters)"


def _wrong(error: ValueError) -> str:
    """What pydantic finds wrong with arguments, in one line."""
    items = error.errors() if hasattr(error, "errors") else []  # pyright: ignore[reportAttributeAccessIssue]
    told = (f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg']}" for item in items)
    return "; ".join(told) or json.dumps(str(error)[:200], ensure_ascii=False)
