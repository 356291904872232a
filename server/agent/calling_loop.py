"""The agent on models that call tools: LangChain's, with our own way of running tools and of keeping limits.

Loaded with the first question of this kind, as LangChain's agents take most of a second and 80 MB.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest

from server.agent.json_loop import FINAL_NOTE
from server.agent.question import Run
from server.agent.runner import Call
from server.agent.tool import as_langchain
from server.agent.window import Part, fitted
from server.errors import AgentActionUnreadable, AgentStepLimit, ModelFailed
from server.llm.generation import Spent
from server.types import ChatEvent, ContextTrimmed, Done, Noticed, SourcesFound, Token, ToolStarted, Usage

_GRAPH_STEPS_EACH = 4
"""Steps of LangGraph for one of ours, rather too many: our own limit ends the run before."""
_REPAIR = "The arguments of {name} were no valid JSON. Call the tool again with valid arguments, or answer."

Write = Callable[[ChatEvent], None]
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


class CallingLoop:
    """One answer by tool calls."""

    def __init__(self, model: BaseChatModel, run: Run, spent: Spent) -> None:
        self._run = run
        # LangGraph's own streams need the context of its tasks, which Python 3.10 does not hand on.
        self._queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue()
        self._limits = _Limits(run, self._queue.put_nowait, spent)
        self._agent = create_agent(
            model.model_copy(update={"callbacks": [_Tokens(self._queue.put_nowait)], "streaming": True}),
            [as_langchain(tool) for tool in run.offer.tools],
            system_prompt=run.instructions,
            middleware=[self._limits],
        )

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Thoughts and answer as tokens, tools as they start and finish, and the end.

        Raises:
            AgentActionUnreadable: the arguments of a call were no JSON, even when they were asked for again.
            AgentStepLimit: the model calls tools although its steps are used up.
            ModelFailed: the model said nothing at all.
        """
        task = asyncio.create_task(self._work())
        task.add_done_callback(lambda _: self._queue.put_nowait(None))
        said = False
        try:
            while (event := await self._queue.get()) is not None:
                said = not isinstance(event, ToolStarted) and (said or isinstance(event, Token))
                yield event
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not said:
            raise ModelFailed(name=self._run.generation.model, reason="it sent an empty answer")
        yield Done(self._limits.finish_reason, self._limits.usage)

    async def _work(self) -> None:
        earlier = [{"role": message.role, "content": message.content} for message in self._run.history]
        asked = {"messages": [*earlier, {"role": "user", "content": self._run.text}]}
        config = {"recursion_limit": _GRAPH_STEPS_EACH * (self._run.step_limit + 2)}
        await self._agent.ainvoke(cast("Any", asked), cast("Any", config))


class _Tokens(AsyncCallbackHandler):
    """Hands on what the model writes, as it writes it."""

    def __init__(self, write: Write) -> None:
        self._write = write

    async def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
        """A piece of text; calls of tools come as empty ones."""
        text = token if isinstance(token, str) else _text(AIMessage(content=token))
        if text:
            self._write(Token(text))


class _Limits(AgentMiddleware[Any, Any]):
    """Keeps window and steps, counts tokens, and runs the tools."""

    def __init__(self, run: Run, write: Write, spent: Spent) -> None:
        super().__init__()
        self._spent = spent
        self._run = run
        self._write = write
        self._asked = 0
        self.usage = Usage(0, 0)
        self.finish_reason = "stop"

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        """Ask the model for its next message; once more when its call cannot be read."""
        messages, left_out = self._fitted(request.messages)
        if left_out and not self._asked:
            self._write(ContextTrimmed(messages=left_out, hits=0))
        is_last = self._asked >= self._run.step_limit
        if is_last:
            error = AgentStepLimit(limit=self._run.step_limit)
            self._write(Noticed(error.code, error.detail))
            messages.append(HumanMessage(FINAL_NOTE[self._run.runner.language]))
            request = request.override(tool_choice="none")
        self._asked += 1
        response = await self._readable(request.override(messages=messages), handler)
        if is_last and _answer(response).tool_calls:
            raise AgentStepLimit(limit=self._run.step_limit)
        return response

    async def awrap_tool_call(self, request: ToolCallRequest, handler: object) -> ToolMessage:
        """Run one call; a failure is told to the model."""
        del handler
        runner = self._run.runner
        wanted = request.tool_call
        call = Call(wanted["id"] or "", wanted["name"], wanted["args"])
        self._write(ToolStarted(call.id, call.name, call.arguments))
        known = len(runner.hits)
        finished = await runner.run(call)
        self._write(finished)
        if len(runner.hits) > known:
            self._write(SourcesFound(tuple(runner.hits)))
        return ToolMessage(
            finished.error or finished.output,
            tool_call_id=call.id,
            name=call.name,
            status="error" if finished.error else "success",
        )

    async def _readable(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        response = await self._counted(request, handler)
        broken = _answer(response).invalid_tool_calls
        if not broken or _answer(response).tool_calls:
            return response
        note = HumanMessage(_REPAIR.format(name=broken[0].get("name") or "the tool"))
        response = await self._counted(request.override(messages=[*request.messages, note]), handler)
        if _answer(response).invalid_tool_calls and not _answer(response).tool_calls:
            raise AgentActionUnreadable(name=self._run.generation.model, reason="its arguments are no JSON")
        return response

    async def _counted(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        response = await handler(request)
        answer, count = _answer(response), self._run.tokens
        self.finish_reason = answer.response_metadata.get("finish_reason") or self.finish_reason
        told = answer.usage_metadata
        asked = told["input_tokens"] if told else sum(count(_text(message)) for message in request.messages)
        said = told["output_tokens"] if told else count(_text(answer))
        self._spent.add(Usage(asked, said))
        self.usage = Usage(self.usage.prompt_tokens + asked, self.usage.completion_tokens + said, exact=bool(told))
        return response

    def _fitted(self, messages: list[AnyMessage]) -> tuple[list[AnyMessage], int]:
        """What fits, and how many earlier messages do not."""
        parts = [Part(self._run.instructions), *(self._part(n, message) for n, message in enumerate(messages))]
        texts = fitted(parts, self._run.room, self._run.tokens)[1:]
        kept = [
            message if text == _text(message) else message.model_copy(update={"content": text})
            for message, text in zip(messages, texts, strict=True)
            if text is not None
        ]
        return kept, len(messages) - len(kept)

    def _part(self, number: int, message: BaseMessage) -> Part:
        if number < len(self._run.history):
            return Part(_text(message), "earlier")
        return Part(_text(message), "result" if isinstance(message, ToolMessage) else "fixed")


async def let_go(model: BaseChatModel) -> None:
    """Close the connections that were opened for this model alone."""
    if client := getattr(model, "http_client", None):
        client.close()
    if client := getattr(model, "http_async_client", None):
        await client.aclose()


def _answer(response: ModelResponse[Any]) -> AIMessage:
    return cast("AIMessage", response.result[0])


def _text(message: BaseMessage | AIMessageChunk) -> str:
    return str(message.text)
