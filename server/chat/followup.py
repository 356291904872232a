"""Make a follow-up question stand alone: by the model in a limited time, or by rule.

`builtin-extractive` is no language model, so its questions go by rule; so do those for which a model takes too long,
fails, or says something that is no question.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from configs.settings import Settings
from server.chat.file_questions import asks_for_files
from server.chat.prompt import transcript
from server.chat.prompts import Prompts, fill
from server.errors import ModelTimeout, ZhiwenError
from server.llm.generation import Generation, Streams
from server.llm.set_phrases import small_talk
from server.retrieval.rewriting import carried, needs_context, standalone
from server.types import Message, Noticed

PROMPTS = "follow_up"
TURNS = 4
"""Earlier questions that are looked at; what was asked before them is another topic."""
_MAX_TOKENS = 200
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that needs no other; `notice` tells why the model was not used where it should have been."""

    text: str
    notice: Noticed | None = None


@dataclass(frozen=True)
class FollowUps:
    """Rewrites questions."""

    settings: Settings
    models: Streams
    prompts: Prompts

    async def standalone(self, text: str, history: Sequence[Message], model: str) -> Standalone:
        """The question to search for; the same text where it stands alone."""
        earlier = _asked(history)
        if self.settings.chat.follow_ups == "off" or not earlier or asks_for_files(text) or not needs_context(text):
            return Standalone(text)
        by_rule = standalone(text, _topics(earlier))
        configured = self.settings.models.llm.get(model)
        if self.settings.chat.follow_ups == "rule" or (configured and configured.engine == "builtin"):
            return Standalone(by_rule)
        try:
            return Standalone(_question_in(await self._by_model(text, history, model)) or by_rule)
        except ZhiwenError as error:
            return Standalone(by_rule, Noticed(error.code, error.detail))

    def carried(self, text: str, history: Sequence[Message]) -> str:
        """What to search for when a question that seemed to stand alone found nothing; empty: it was long enough."""
        return "" if self.settings.chat.follow_ups == "off" else carried(text, _topics(_asked(history)))

    async def _by_model(self, text: str, history: Sequence[Message], model: str) -> str:
        template = self.prompts.load(PROMPTS, "default")
        values = {"history": transcript(history[-2 * TURNS :]), "input": text}
        messages = [Message("user", fill(template, values))]
        limit = self.settings.chat.follow_up_timeout_s
        answer = self._whole(messages, Generation(model, temperature=0.0, max_tokens=_MAX_TOKENS))
        try:
            return await asyncio.wait_for(answer, limit)
        except (TimeoutError, asyncio.TimeoutError):  # two classes before Python 3.11
            raise ModelTimeout(name=model, seconds=limit) from None

    async def _whole(self, messages: Sequence[Message], generation: Generation) -> str:
        async with aclosing(self.models.stream(messages, generation)) as pieces:
            return "".join([piece.text async for piece in pieces])


def _asked(history: Sequence[Message]) -> list[str]:
    asked = [message.content for message in history if message.role == "user"][-TURNS:]
    return [question for question in asked if small_talk(question) is None]


def _topics(asked: Sequence[str]) -> list[str]:
    """What a question may go on with by rule: the words of one for the list of files are about nothing."""
    return [question for question in asked if not asks_for_files(question)]


def _question_in(answer: str) -> str:
    """The one line that was asked for; empty when the model said something else."""
    line = answer.strip().strip("\"“”「」'").strip()
    return line if "\n" not in line and len(line) <= _LONGEST else ""
