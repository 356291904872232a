"""Summarise a text of any length: its parts side by side, then the summaries, until one is left (map-reduce)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from configs.settings import Settings
from server.chat.central import extract
from server.chat.prompts import Prompts, fill
from server.errors import ModelFailed, NothingToSummarize
from server.llm.generation import Generation, Models
from server.llm.prompt_parts import defang
from server.types import Message

GROUP = "summary"
PART, WHOLE = "part", "whole"
AT_A_TIME = 3
"""Parts that are summarised side by side: background work leaves room for those who wait for an answer."""
ANSWER_TOKENS = 600
_OVERHEAD = 64

Progress = Callable[[int, int], Awaitable[None]]
"""Told how many steps are through, and how many there are as far as is known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to summarise; an empty `model` and None mean the settings. `description` tells the model what the text is."""

    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary and those of the parts it was made of; `extractive` when it consists of sentences of the text."""

    text: str
    parts: tuple[str, ...]
    model: str
    extractive: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """One summary in the making; `room` is how many tokens of text fit beside the template and the answer."""

    title: str
    generation: Generation
    description: str
    room: int
    gate: asyncio.Semaphore


@dataclass(frozen=True)
class Summarizer:
    """Summarises with any chat model; with the built-in reader, which writes nothing itself, by quoting."""

    settings: Settings
    models: Models
    prompts: Prompts = field(default_factory=Prompts)

    def is_extractive(self, model: str) -> bool:
        """Whether the model can only quote."""
        known = self.settings.models.llm.get(model or self.models.default)
        return known is not None and known.engine == "builtin"

    async def summarize(self, title: str, texts: Sequence[str], wanted: Wanted, progress: Progress) -> Summary:
        """The summary of texts that follow one another. Cancelling it ends the generations.

        Raises:
            NothingToSummarize: there is no text.
            PromptNotFound: a template is missing.
            ZhiwenError: what the model raises.
        """
        model = wanted.model or self.models.default
        if self.is_extractive(model):
            return await self._extracted(title, texts, model, progress)
        asked = self._asked(title, wanted, model)
        groups = self._groups([text for text in texts if text.strip()], asked)
        if not groups:
            raise NothingToSummarize(name=title)
        steps = _Steps(progress)
        parts = answers = await self._each(PART, groups, asked, steps)
        while len(answers) > 1:
            answers = await self._each(WHOLE, self._merged(answers, asked), asked, steps)
        return Summary(answers[0], tuple(parts), model, extractive=False)

    async def _extracted(self, title: str, texts: Sequence[str], model: str, progress: Progress) -> Summary:
        await progress(0, 1)
        text = await asyncio.to_thread(extract, texts)
        if not text:
            raise NothingToSummarize(name=title)
        await progress(1, 1)
        return Summary(text, (), model, extractive=True)

    def _asked(self, title: str, wanted: Wanted, model: str) -> _Asked:
        window = self.models.window(model)
        limit = min(wanted.max_tokens or ANSWER_TOKENS, window // 5)
        templates = [self.prompts.load(GROUP, name) for name in (PART, WHOLE)]
        fixed = max(self.models.count_tokens(model, text) for text in templates)
        fixed += self.models.count_tokens(model, title + wanted.description) + _OVERHEAD
        temperature = self.settings.chat.temperature if wanted.temperature is None else wanted.temperature
        generation = Generation(model, temperature=temperature, max_tokens=limit)
        room = max(window - fixed - limit, window // 4)
        return _Asked(title, generation, wanted.description, room, asyncio.Semaphore(AT_A_TIME))

    def _groups(self, texts: Sequence[str], asked: _Asked) -> list[str]:
        """Neighbouring texts put together, as many as fit into one prompt."""
        groups: list[str] = []
        left = 0
        for piece in (piece for text in texts for piece in _fitting(text, asked.room)):
            cost = self.models.count_tokens(asked.generation.model, piece) + 2
            if groups and cost <= left:
                groups[-1] += f"\n\n{piece}"
                left -= cost
            else:
                groups.append(piece)
                left = asked.room - cost
        return groups

    def _merged(self, answers: Sequence[str], asked: _Asked) -> list[str]:
        """At most half as many groups as summaries, so that it comes to an end with models that write too much too."""
        short = [answer[: max(asked.room // 2 - 2, 1)] for answer in answers]
        groups = self._groups(short, asked)
        if 2 * len(groups) <= len(answers) + 1:
            return groups
        return ["\n\n".join(short[start : start + 2]) for start in range(0, len(short), 2)]

    async def _each(self, template: str, groups: Sequence[str], asked: _Asked, steps: "_Steps") -> list[str]:
        """The summaries of the groups, in their order; the first failure ends the others."""
        await steps.ahead(len(groups))

        async def one(text: str) -> str:
            async with asked.gate:
                answer = await self._answer(template, text, asked)
            await steps.through()
            return answer

        tasks = [asyncio.ensure_future(one(text)) for text in groups]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, template: str, text: str, asked: _Asked) -> str:
        values = {"title": defang(asked.title), "description": defang(asked.description), "text": defang(text)}
        prompt = fill(self.prompts.load(GROUP, template), values)
        told: list[str] = []
        async with aclosing(self.models.stream([Message("user", prompt)], asked.generation)) as pieces:
            async for piece in pieces:
                told.append(piece.text)
        answer = "".join(told).strip()
        if not answer:
            raise ModelFailed(name=asked.generation.model, reason="its summary is empty")
        return answer


def _fitting(text: str, room: int) -> Iterator[str]:
    """A text in pieces that fit: a character is at most about one token."""
    return (text[start : start + room] for start in range(0, len(text), room))


@dataclass
class _Steps:
    """Counts the generations that are through and that are known to come."""

    progress: Progress
    done: int = 0
    total: int = 0

    async def ahead(self, count: int) -> None:
        self.total += count
        await self.progress(self.done, self.total)

    async def through(self) -> None:
        self.done += 1
        await self.progress(self.done, self.total)
