"""The question path: find hits, fit them into a prompt, stream the model's answer as typed events.

Modes differ in one thing, their ground (`server.chat.grounds`): where the hits come from.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cached_property, partial

from configs.settings import Settings
from server.chat.budget import Fitted, fit, room_for_prompt
from server.chat.followup import FollowUps
from server.chat.grounds import PLAIN, Found
from server.chat.marks import marks
from server.chat.neighbours import joined
from server.chat.prompt import messages_of
from server.chat.prompts import Prompts
from server.chat.question import Question
from server.errors import EmptyQuestion, QuestionTooLong
from server.llm.generation import Generation, Models
from server.llm.set_phrases import NO_SUPPORT, language_of, small_talk
from server.types import ChatEvent, ContextTrimmed, Done, Message, Noticed, QuestionRewritten, SourcesFound, Token

WITHOUT_HITS = "empty"
REFUSED = "not_in_documents"
"""Reason for the end of an answer that no model was asked for because nothing was found."""
SOURCES_ONLY = "return_direct"
"""Reason for the end of an answer that consists of its sources."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What is asked once the question stands alone, and what was found on it."""

    text: str
    found: Found
    talk: bool
    notice: Noticed | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is told before a model is asked, and what it is asked; None when nobody is."""

    events: Sequence[ChatEvent]
    messages: Sequence[Message] | None


@dataclass(frozen=True)
class ChatService:
    """Answers questions; holds no state, so any number of questions run side by side."""

    settings: Settings
    models: Models
    prompts: Prompts = field(default_factory=Prompts)

    def answer(self, question: Question) -> AsyncGenerator[ChatEvent, None]:
        """The events of one answer, in this order.

        `QuestionRewritten` when it was a follow-up; `Noticed` for each thing to know; `ContextTrimmed` when not
        everything fits; `SourcesFound` where something was searched; `Token` …; `Done`. Closing the iterator ends the
        generation.

        Raises:
            EmptyQuestion: nothing was asked.
            QuestionTooLong: the question alone fills the model.
            PromptNotFound: no such template.
            ZhiwenError: what the ground and the model raise.
        """
        return self._told(question, partial(self._prepared, question))

    def relay(self, question: Question, messages: Sequence[Message]) -> AsyncGenerator[ChatEvent, None]:
        """`Token` …, `CallPiece` …, `Done`: what the model makes of these messages, which it gets as they are.

        So a caller who runs tools of their own is answered: calls and results only make sense together, and nothing
        may be left out of them. Raises what the model raises.
        """

        async def prepared() -> _Prepared:
            return _Prepared((), messages)

        return self._told(question, prepared)

    async def _told(
        self, question: Question, prepare: Callable[[], Awaitable[_Prepared]]
    ) -> AsyncGenerator[ChatEvent, None]:
        prepared = await prepare()
        for event in prepared.events:
            yield event
        if prepared.messages is None:
            return
        done = Done()
        async with aclosing(self.models.stream(prepared.messages, self._generation(question))) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield Token(piece.text)
                for call in piece.calls:
                    yield call
                if piece.finish_reason:
                    done = Done(piece.finish_reason, piece.usage)
        yield done

    async def _prepared(self, question: Question) -> _Prepared:
        if not question.text.strip():
            raise EmptyQuestion
        template = self.prompts.load(question.ground.prompts, question.prompt)
        search = await self._search(question)
        template = self._template(question, search, template)
        fitted = self._fit(question, search, template)
        preface = _preface(question, search, fitted)
        if question.return_direct:
            return _Prepared((*preface, Done(SOURCES_ONLY)), None)
        if self._is_refused(question, search):
            return _Prepared((*preface, Token(NO_SUPPORT[language_of(question.text)]), Done(REFUSED)), None)
        return _Prepared(preface, messages_of(search.text, template, fitted))

    async def _search(self, question: Question) -> _Search:
        if not question.ground.searches:
            return _Search(question.text, Found(), talk=False)
        if small_talk(question.text):
            if question.ground.local:
                await question.ground.find(question.text)
            return _Search(question.text, Found(), talk=True)
        standalone = await self._follow_ups.standalone(question.text, question.history, self._model(question))
        text, found = standalone.text, await question.ground.find(standalone.text)
        second = self._follow_ups.carried(text, question.history) if text == question.text and not found.hits else ""
        if second:
            again = await question.ground.find(second)
            # What only speaks of the old topic would answer another question.
            hits = tuple(hit for hit in again.hits if marks(text, hit.chunk.text))
            text, found = (second, Found(hits, again.notices)) if hits else (text, found)
        return _Search(text, Found(tuple(joined(found.hits)), found.notices), False, standalone.notice)

    def _template(self, question: Question, search: _Search, chosen: str) -> str:
        if search.talk:
            return self.prompts.load(PLAIN, "default")
        if question.ground.searches and not search.found.hits:
            return self.prompts.load(question.ground.prompts, WITHOUT_HITS)
        return chosen

    def _is_refused(self, question: Question, search: _Search) -> bool:
        silent = question.ground.searches and not search.talk and not search.found.hits
        return silent and not self.settings.chat.answer_without_sources

    def _fit(self, question: Question, search: _Search, template: str) -> Fitted:
        model = self._model(question)

        def tokens(text: str) -> int:
            return self.models.count_tokens(model, text)

        room = room_for_prompt(question.max_tokens or self.settings.chat.max_tokens, self.models.window(model))
        fixed = tokens(template) + tokens(search.text)
        if fixed > room // 2:
            raise QuestionTooLong(limit=room // 2 - tokens(template))
        return fit(room - fixed, question.history, search.found.hits, tokens)

    def _generation(self, question: Question) -> Generation:
        defaults = self.settings.chat
        return Generation(
            model=self._model(question),
            temperature=defaults.temperature if question.temperature is None else question.temperature,
            max_tokens=question.max_tokens or defaults.max_tokens or None,
            top_p=question.top_p,
            stop=question.stop,
            seed=question.seed,
            presence_penalty=question.presence_penalty,
            frequency_penalty=question.frequency_penalty,
            options=question.options,
        )

    def _model(self, question: Question) -> str:
        return question.model or self.models.default

    @cached_property
    def _follow_ups(self) -> FollowUps:
        return FollowUps(self.settings, self.models, self.prompts)


def _preface(question: Question, search: _Search, fitted: Fitted) -> list[ChatEvent]:
    """What is told before the answer begins."""
    events: list[ChatEvent] = []
    if search.text != question.text:
        events.append(QuestionRewritten(search.text))
    events += [*([search.notice] if search.notice else []), *search.found.notices]
    left_out = ContextTrimmed(
        messages=len(question.history) - len(fitted.history), hits=len(search.found.hits) - len(fitted.hits)
    )
    if left_out.messages or left_out.hits:
        events.append(left_out)
    if question.ground.searches and not search.talk:
        events.append(SourcesFound(fitted.hits))
    return events
