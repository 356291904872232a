"""The agent: a model that uses tools until it can answer, within limits of steps and time."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from starlette.concurrency import run_in_threadpool

from configs.settings import Settings
from server.agent.deadline import within
from server.agent.json_loop import JsonLoop, described
from server.agent.question import AgentQuestion, Run
from server.agent.runner import Call, Limits, Runner
from server.agent.toolbox import Offer, Toolbox
from server.analysis import has_cjk
from server.chat.budget import room_for_prompt
from server.chat.prompts import Prompts, fill, has_place
from server.errors import EmptyQuestion, Language, ModelCannotUseTools, QuestionTooLong
from server.llm.generation import Generation, Models, Spent
from server.types import ChatEvent, Noticed, ToolFinished

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

GROUP = "agent_chat"
BY_CALLS = "tool_calling"
DEFAULT = "default"
_STOP = ("\nObservation:", "\n观察：", "\n工具结果")
"""Where a model that goes on to invent the result of its action is stopped."""


class AgentModels(Models, Protocol):
    """Chat models that agents can use. What goes past `stream` is counted into `spent` by the agent."""

    spent: Spent

    def langchain(self, generation: Generation) -> "BaseChatModel":
        """The model as LangChain's."""
        ...

    def supports_tools(self, model: str) -> bool:
        """Whether the model calls tools by the OpenAI protocol."""
        ...


@dataclass(frozen=True)
class AgentService:
    """Answers questions with tools; holds no state of an answer, so any number of them run side by side."""

    settings: Settings
    models: AgentModels
    toolbox: Toolbox
    prompts: Prompts = field(default_factory=Prompts)

    async def answer(self, question: AgentQuestion) -> AsyncGenerator[ChatEvent, None]:
        """The events of one answer: `Noticed`, `ContextTrimmed`; `Token`, `ToolStarted`, `ToolFinished` …; `Done`.

        `SourcesFound` follows a tool that found passages and holds all that were found so far. Closing the iterator
        ends tool and generation.

        Raises:
            EmptyQuestion: nothing was asked.
            ModelCannotUseTools: the model only quotes.
            QuestionTooLong: question and tools fill the model.
            ToolNotFound, ToolForbidden, ToolUnavailable: of the tools that were asked for.
            PromptNotFound: no such template.
            AgentTimeLimit, AgentStepLimit, AgentActionUnreadable: no answer came about.
            ZhiwenError: what the model raises.
        """
        if not question.text.strip():
            raise EmptyQuestion
        model = question.model or self.settings.agent.model or self.models.default
        configured = self.settings.models.llm.get(model)
        if configured is not None and configured.engine == "builtin":
            raise ModelCannotUseTools(name=model)
        template, by_calls = self._template(question.prompt, model)
        offer = await self.toolbox.offer(question.tools, language_of(question.text))
        run = self._run(question, model, template, offer)
        for error in offer.missing:
            yield Noticed(error.code, error.detail)
        events = self._by_calls(run) if by_calls else JsonLoop(self.models, run).events()
        async with aclosing(within(events, self.settings.agent.time_limit_s)) as limited:
            async for event in limited:
                yield event

    async def call(self, name: str, arguments: dict[str, Any], language: Language) -> ToolFinished:
        """One tool, called by hand.

        Raises:
            ToolNotFound, ToolForbidden, ToolUnavailable: there is no such tool, it is not for the caller, or it cannot
                be used now.
            ZhiwenError: why the tool failed.
        """
        offer = await self.toolbox.offer([name], language)
        return await self._runner(offer, language).run_or_raise(Call("call", name, arguments))

    async def aclose(self) -> None:
        """End what tools keep open."""
        await self.toolbox.aclose()

    async def _by_calls(self, run: Run) -> AsyncGenerator[ChatEvent, None]:
        loop, errors = await run_in_threadpool(_loaded)
        model = await run_in_threadpool(self.models.langchain, run.generation)
        begun = False
        try:
            async with aclosing(loop.CallingLoop(model, run, self.models.spent).events()) as events:
                async for event in events:
                    begun = True
                    yield event
        except errors.RAISED as error:
            raise errors.model_error(self.settings, run.generation.model, error, begun=begun) from error
        finally:
            await loop.let_go(model)

    def _template(self, name: str, model: str) -> tuple[str, bool]:
        """The instructions, and whether the model is to call tools: a template that lists the tools wants actions."""
        calls = self.models.supports_tools(model)
        template = self.prompts.load(GROUP, BY_CALLS if name == DEFAULT and calls else name)
        return template, calls and not has_place(template, "tools")

    def _run(self, question: AgentQuestion, model: str, template: str, offer: Offer) -> Run:
        defaults = self.settings.chat
        max_tokens = question.max_tokens or defaults.max_tokens or None
        room = room_for_prompt(max_tokens, self.models.window(model))

        def tokens(text: str) -> int:
            return self.models.count_tokens(model, text)

        instructions = fill(template, described(offer))
        listed = 0 if has_place(template, "tools") else tokens(described(offer)["tools"])
        left = room - listed - tokens(instructions)
        if tokens(question.text) > left // 2:
            raise QuestionTooLong(limit=max(left // 2, 0))
        generation = Generation(
            model=model,
            temperature=defaults.temperature if question.temperature is None else question.temperature,
            max_tokens=max_tokens,
            stop=_STOP if has_place(template, "tools") else (),
        )
        return Run(
            text=question.text,
            history=question.history,
            instructions=instructions,
            generation=generation,
            offer=offer,
            runner=self._runner(offer, language_of(question.text)),
            step_limit=self.settings.agent.step_limit,
            room=room - listed,
            tokens=tokens,
        )

    def _runner(self, offer: Offer, language: Language) -> Runner:
        asked = self.settings.agent
        return Runner(offer, Limits(asked.tool_timeout_s, asked.tool_output_limit), language)


def language_of(text: str) -> Language:
    """The language tools and notes speak in an answer to the text."""
    return "zh" if has_cjk(text) else "en"


def _loaded() -> tuple[Any, Any]:
    from server.agent import calling_loop, model_errors

    return calling_loop, model_errors
