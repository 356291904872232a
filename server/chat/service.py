"""The question path: find hits, fit them into a prompt, stream the model's answer as typed events.

Modes differ in one thing, where the hits come from: nowhere (plain chat), or one or several knowledge bases.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from starlette.concurrency import run_in_threadpool

from configs.settings import Settings
from server.chat.budget import Fitted, fit, room_for_prompt
from server.chat.prompts import Prompts, fill, has_place
from server.errors import EmptyQuestion, QuestionTooLong
from server.llm.generation import Generation, Piece
from server.llm.prompt_parts import SourceText, render_question, render_sources
from server.llm.tokens import estimate as tokens
from server.types import ChatEvent, Done, Hit, Message, SourcesFound, Token

PLAIN = "llm_chat"
GROUNDED = "knowledge_base_chat"
WITHOUT_HITS = "empty"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. An empty `model`, and None for a number, mean the setting.

    Without `knowledge_bases` the model answers from what it knows. `max_distance` is in [0, 2], smaller is stricter.
    """

    text: str
    history: tuple[Message, ...] = ()
    knowledge_bases: tuple[str, ...] = ()
    top_k: int | None = None
    max_distance: float | None = None
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    prompt: str = "default"


class Search(Protocol):
    """Finds the chunks that match a question, best first."""

    def __call__(self, names: Sequence[str], query: str, *, top_k: int, max_distance: float) -> list[Hit]:
        """Distances run from 0 to 2, smaller is better."""
        ...


class Models(Protocol):
    """Streams what chat models answer."""

    default: str

    def stream(self, messages: Sequence[Message], generation: Generation) -> AsyncGenerator[Piece, None]:
        """Pieces of the answer; raises what the model's client raises."""
        ...

    def window(self, model: str) -> int:
        """Tokens of prompt and answer together that the model takes."""
        ...


@dataclass(frozen=True)
class ChatService:
    """Answers questions; holds no state, so any number of questions run side by side."""

    settings: Settings
    search: Search
    models: Models
    prompts: Prompts = field(default_factory=Prompts)

    async def answer(self, question: Question) -> AsyncGenerator[ChatEvent, None]:
        """The events of one answer: `SourcesFound` when knowledge bases are asked, `Token` …, `Done`.

        Closing the iterator ends the generation.

        Raises:
            EmptyQuestion: nothing was asked.
            QuestionTooLong: the question alone fills the model.
            PromptNotFound: no such template.
            ZhiwenError: what search and model raise.
        """
        if not question.text.strip():
            raise EmptyQuestion
        group = GROUNDED if question.knowledge_bases else PLAIN
        template = self.prompts.load(group, question.prompt)
        hits = await self._hits(question)
        if group == GROUNDED and not hits:
            template = self.prompts.load(group, WITHOUT_HITS)
        fitted = self._fit(question, template, hits)
        if group == GROUNDED:
            yield SourcesFound(fitted.hits)
        done = Done()
        async with aclosing(self._pieces(question, _messages(question, template, fitted))) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield Token(piece.text)
                if piece.finish_reason:
                    done = Done(piece.finish_reason, piece.usage)
        yield done

    def _pieces(self, question: Question, messages: Sequence[Message]) -> AsyncGenerator[Piece, None]:
        defaults = self.settings.chat
        generation = Generation(
            model=question.model or self.models.default,
            temperature=defaults.temperature if question.temperature is None else question.temperature,
            max_tokens=question.max_tokens or defaults.max_tokens or None,
        )
        return self.models.stream(messages, generation)

    async def _hits(self, question: Question) -> list[Hit]:
        if not question.knowledge_bases:
            return []
        defaults = self.settings.retrieval
        return await run_in_threadpool(
            self.search,
            question.knowledge_bases,
            question.text,
            top_k=question.top_k or defaults.top_k,
            max_distance=defaults.score_threshold if question.max_distance is None else question.max_distance,
        )

    def _fit(self, question: Question, template: str, hits: Sequence[Hit]) -> Fitted:
        room = room_for_prompt(
            question.max_tokens or self.settings.chat.max_tokens,
            self.models.window(question.model or self.models.default),
        )
        fixed = tokens(template) + tokens(question.text)
        if fixed > room // 2:
            raise QuestionTooLong(limit=room // 2 - tokens(template))
        return fit(room, fixed, question.history, hits)


def _messages(question: Question, template: str, fitted: Fitted) -> list[Message]:
    """Earlier turns as messages of their own, unless the template has a place for them."""
    in_template = has_place(template, "history")
    values = {
        "input": question.text,
        "question": render_question(question.text),
        "context": render_sources([_source(number, hit) for number, hit in enumerate(fitted.hits, 1)]),
        "history": "\n".join(f"{message.role}: {message.content}" for message in fitted.history),
    }
    earlier = [] if in_template else list(fitted.history)
    return [*earlier, Message("user", fill(template, values))]


def _source(number: int, hit: Hit) -> SourceText:
    return SourceText(number=number, file=hit.chunk.file, place=_place(hit), text=hit.chunk.text)


def _place(hit: Hit) -> str:
    """Where in its file a text stands, as a person would say it; empty when the file has no such places."""
    meta = hit.chunk.meta
    parts = [str(meta["part"])] if meta.get("part") else []
    named = (("p.", "page"), ("slide", "slide"), ("sheet", "sheet"), ("row", "row"))
    parts += [f"{word} {meta[name]}" for word, name in named if meta.get(name)]
    spans = () if meta.get("row") else ("rows", "lines")
    parts += [f"{name} {meta[name][0]}-{meta[name][-1]}" for name in spans if meta.get(name)]
    parts += [" > ".join(map(str, meta["headings"]))] if meta.get("headings") else []
    return ", ".join(parts)
