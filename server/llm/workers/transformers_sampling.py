"""How the next token is chosen. Imports torch.

`generate` runs without sampling of its own: its random numbers come from one source for all threads, so a seed would
mean nothing as soon as two answers are made at once. Here each answer has its source; what is drawn is left as the only
token with a chance.
"""

from threading import Event
from typing import Any

import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from server.llm.workers.transformers_request import Wishes


def processors(wanted: Wishes, prompt_tokens: int) -> LogitsProcessorList:
    """What changes the scores of the next token, in order; the penalty on repetition is `generate`'s own."""
    made = LogitsProcessorList()
    if wanted.presence_penalty or wanted.frequency_penalty:
        made.append(_SaidBefore(wanted, prompt_tokens))
    if not wanted.greedy:
        made.append(_Draw(wanted))
    return made


class Cancelled(StoppingCriteria):
    """Ends a generation that nobody waits for any more."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.BoolTensor:
        """Called by `generate` after each token: whether to end, for each answer of the batch."""
        return torch.full((input_ids.shape[0],), self._event.is_set(), device=input_ids.device)  # pyright: ignore[reportReturnType]


class _SaidBefore(LogitsProcessor):
    """OpenAI's penalties, which look at the answer alone, not at the prompt."""

    def __init__(self, wanted: Wishes, prompt_tokens: int) -> None:
        self._wanted = wanted
        self._prompt_tokens = prompt_tokens

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.FloatTensor:
        """Called by `generate` with the scores of the next token; gives the changed scores."""
        said = input_ids[0, self._prompt_tokens :]
        times = torch.bincount(said, minlength=scores.shape[-1]).to(scores)
        penalty = self._wanted.frequency_penalty * times + self._wanted.presence_penalty * (times > 0)
        return scores - penalty  # pyright: ignore[reportReturnType]


class _Draw(LogitsProcessor):
    """Draws one token with a source of random numbers of its own."""

    def __init__(self, wanted: Wishes) -> None:
        self._warpers = LogitsProcessorList([TemperatureLogitsWarper(float(wanted.temperature))])
        if wanted.top_k > 0:
            self._warpers.append(TopKLogitsWarper(wanted.top_k))
        if wanted.top_p < 1:
            self._warpers.append(TopPLogitsWarper(float(wanted.top_p)))
        self._seed = wanted.seed
        self._source: torch.Generator | None = None

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.FloatTensor:
        """Called by `generate` with the scores of the next token; gives the changed scores."""
        if self._source is None:  # only now is it known on which card the scores are
            self._source = torch.Generator(scores.device).manual_seed(self._seed)
        chances = torch.softmax(self._warpers(input_ids, scores).float(), dim=-1)
        drawn = torch.multinomial(chances, 1, generator=self._source)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)  # pyright: ignore[reportReturnType]
