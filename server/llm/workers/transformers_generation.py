"""One answer after another, token by token, from a model of transformers. Imports torch."""

import copy
import threading
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import torch
from transformers import GenerationConfig, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from server.llm.workers.transformers_request import Wishes
from server.llm.workers.transformers_sampling import Cancelled, processors

_END = object()


class Generation:
    """Answers prompts; several at once, each in a thread of its own, share the weights."""

    def __init__(self, model: Any, end_ids: set[int]) -> None:
        self._model = model
        own = model.generation_config.eos_token_id
        self.end_ids = {*end_ids, *([own] if isinstance(own, int) else own or [])}

    @property
    def defaults(self) -> dict[str, float]:
        """What the model's own generation_config.json wants, where no request says otherwise."""
        own = self._model.generation_config
        names = ("repetition_penalty", *(("temperature", "top_p", "top_k") if own.do_sample else ()))
        return {name: value for name in names if (value := getattr(own, name)) is not None}

    def tokens(self, prompt: Sequence[int], wanted: Wishes) -> Iterator[int]:
        """The tokens of one answer; closing the iterator ends the generation at its next token.

        Raises whatever the model raises, such as `torch.OutOfMemoryError`.
        """
        cancelled = threading.Event()
        made: SimpleQueue[Any] = SimpleQueue()
        arguments = (prompt, wanted, made, cancelled)
        threading.Thread(target=self._run, args=arguments, name="generation", daemon=True).start()
        try:
            while (token := made.get()) is not _END:
                if isinstance(token, BaseException):
                    raise token
                yield token
        finally:
            cancelled.set()

    def _run(self, prompt: Sequence[int], wanted: Wishes, made: "SimpleQueue[Any]", cancelled: threading.Event) -> None:
        try:
            inputs = torch.tensor([prompt], device=self._model.device)
            with torch.inference_mode():
                self._model.generate(
                    input_ids=inputs,
                    attention_mask=torch.ones_like(inputs),
                    generation_config=self._config(wanted),
                    logits_processor=processors(wanted, len(prompt)),
                    stopping_criteria=StoppingCriteriaList([Cancelled(cancelled)]),
                    streamer=_ToQueue(made),
                )
        except Exception as error:  # noqa: BLE001  # the edge of the thread: who waits for the tokens raises it again
            made.put(error)
        finally:
            made.put(_END)

    def _config(self, wanted: Wishes) -> GenerationConfig:
        config = copy.deepcopy(self._model.generation_config)
        ends = sorted(self.end_ids)
        padding = config.pad_token_id if config.pad_token_id is not None else (ends or [0])[0]
        config.update(
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            repetition_penalty=float(wanted.repetition_penalty),
            max_new_tokens=wanted.max_tokens,
            max_length=None,
            eos_token_id=ends or None,
            pad_token_id=padding,
        )
        return config


class _ToQueue(BaseStreamer):
    """Receives the prompt first, then each token."""

    def __init__(self, made: "SimpleQueue[Any]") -> None:
        self._made = made
        self._prompt_seen = False

    def put(self, value: Any) -> None:
        """Called by `generate` with tokens."""
        if self._prompt_seen:
            for token in value.tolist():
                self._made.put(token)
        self._prompt_seen = True

    def end(self) -> None:
        """Called by `generate` at its end."""
