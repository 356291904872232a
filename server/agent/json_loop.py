"""The agent on models that do not call tools themselves: they write a JSON action, we run it and tell the result."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from uuid import uuid4

from server.agent.actions import Action, Answer, Malformed, parse
from server.agent.question import Run
from server.agent.runner import Call
from server.agent.toolbox import Offer
from server.agent.visible import Visible
from server.agent.window import Part, fitted
from server.errors import AgentActionUnreadable, AgentStepLimit, ModelFailed
from server.llm.generation import Piece, Streams
from server.types import (
    ChatEvent,
    ContextTrimmed,
    Done,
    Message,
    Noticed,
    Role,
    SourcesFound,
    Token,
    ToolFinished,
    ToolStarted,
    Usage,
)

FINAL_NOTE = {
    "zh": "步骤已用完。不要再使用工具，请直接根据以上结果回答最初的问题；信息不足时请如实说明。",
    "en": "No steps are left. Use no more tools: answer the first question from the results, and say what is missing.",
}
_RESULT = {"zh": "工具结果（{name}）：\n{text}", "en": "Result of the tool {name}:\n{text}"}
_FAILED = {"zh": "工具出错（{name}）：{text}", "en": "The tool {name} failed: {text}"}
_REPAIR = {
    "zh": "上一条消息里的工具调用无法识别（{reason}）。请只输出一个完整的 JSON 对象，或直接回答。",
    "en": "The tool call in your last message cannot be read ({reason}). Send one complete JSON object, or answer.",
}


def described(offer: Offer) -> Mapping[str, str]:
    """The tools as text, for the places of a template."""
    lines = [
        f"### {tool.name}\n{tool.description}\nArguments: {json.dumps(tool.tool.schema(), ensure_ascii=False)}"
        for tool in offer.tools
    ]
    return {"tools": "\n\n".join(lines), "tool_names": ", ".join(tool.name for tool in offer.tools)}


class JsonLoop:
    """One answer by JSON actions."""

    def __init__(self, models: Streams, run: Run) -> None:
        self._models = models
        self._run = run
        self._said: list[tuple[Role, Part]] = [
            ("system", Part(run.instructions)),
            *((message.role, Part(message.content, "earlier")) for message in run.history),
            ("user", Part(run.text)),
        ]
        self._visible = Visible()
        self._reply = ""
        self._usage = Usage(0, 0, exact=True)
        self._finish_reason = "stop"
        self._sole = {tool.name: name for tool in run.offer.tools if (name := _sole_argument(tool.tool.schema()))}

    async def events(self) -> AsyncGenerator[ChatEvent, None]:
        """Thoughts and answer as tokens, tools as they start and finish, and the end.

        Raises:
            AgentActionUnreadable: an action could not be read, even when it was asked for again.
            AgentStepLimit: the model wants more tools although its steps are used up.
            ZhiwenError: what the model raises.
        """
        steps, asked_again = 0, False
        while True:
            async with aclosing(self._written()) as events:
                async for event in events:
                    yield event
            read = parse(self._reply, self._sole)
            if isinstance(read, Answer):
                if rest := self._last_words(read):
                    yield Token(rest)
                yield Done(self._finish_reason, self._usage)
                return
            if steps >= self._run.step_limit:
                raise AgentStepLimit(limit=self._run.step_limit)
            if isinstance(read, Malformed):
                self._ask_again(read, asked_again)
                asked_again = True
                continue
            asked_again = False
            steps += 1
            async with aclosing(self._acted(read, is_last=steps == self._run.step_limit)) as events:
                async for event in events:
                    yield event

    async def _written(self) -> AsyncGenerator[ChatEvent, None]:
        """One message of the model; what may be an action is held back."""
        messages, left_out = self._messages()
        if left_out and len(self._said) == len(self._run.history) + 2:
            yield ContextTrimmed(messages=left_out, hits=0)
        written: list[str] = []
        self._visible = Visible()
        async with aclosing(self._models.stream(messages, self._run.generation)) as pieces:
            async for piece in pieces:
                written.append(piece.text)
                if shown := self._visible.feed(piece.text):
                    yield Token(shown)
                self._count(piece)
        self._reply = "".join(written)

    async def _acted(self, action: Action, *, is_last: bool) -> AsyncGenerator[ChatEvent, None]:
        runner, language = self._run.runner, self._run.runner.language
        call = Call(f"call_{uuid4().hex[:12]}", action.name, action.arguments, action.problem)
        yield ToolStarted(call.id, call.name, call.arguments)
        known = len(runner.hits)
        finished = await runner.run(call)
        yield finished
        if len(runner.hits) > known:
            yield SourcesFound(tuple(runner.hits))
        result = _told(finished, _FAILED[language] if finished.error else _RESULT[language])
        self._said.append(("assistant", Part(self._reply)))
        if is_last:
            error = AgentStepLimit(limit=self._run.step_limit)
            yield Noticed(error.code, error.detail)
            result = f"{result}\n\n{FINAL_NOTE[language]}"
        self._said.append(("user", Part(result, "result")))

    def _ask_again(self, read: Malformed, asked_before: bool) -> None:
        if asked_before:
            raise AgentActionUnreadable(name=self._run.generation.model, reason=read.reason)
        self._said.append(("assistant", Part(self._reply)))
        self._said.append(("user", Part(_REPAIR[self._run.runner.language].format(reason=read.reason))))

    def _last_words(self, answer: Answer) -> str:
        """What of the answer was not shown yet.

        Raises:
            ModelFailed: the model said nothing at all.
        """
        held = self._visible.rest()
        if not (answer.text or self._reply).strip():
            raise ModelFailed(name=self._run.generation.model, reason="it sent an empty answer")
        return held if answer.text is None else answer.text

    def _messages(self) -> tuple[list[Message], int]:
        """What fits, and how many earlier messages do not."""
        texts = fitted([part for _, part in self._said], self._run.room, self._run.tokens)
        kept = [Message(role, text) for (role, _), text in zip(self._said, texts, strict=True) if text is not None]
        return kept, len(texts) - len(kept)

    def _count(self, piece: Piece) -> None:
        self._finish_reason = piece.finish_reason or self._finish_reason
        if piece.usage:
            self._usage = Usage(
                self._usage.prompt_tokens + piece.usage.prompt_tokens,
                self._usage.completion_tokens + piece.usage.completion_tokens,
                self._usage.exact and piece.usage.exact,
            )


def _told(finished: ToolFinished, form: str) -> str:
    return form.format(name=finished.name, text=finished.error or finished.output)


def _sole_argument(schema: Mapping[str, object]) -> str:
    """The one argument a tool must be given, when there is just one."""
    required = schema.get("required")
    properties = schema.get("properties")
    if isinstance(required, list) and len(required) == 1:
        return str(required[0])
    return next(iter(properties)) if isinstance(properties, Mapping) and len(properties) == 1 else ""
