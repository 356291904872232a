"""What a request to a worker asks for, read from FastChat's parameters. No torch."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Below this a temperature or a share of probability leaves one token to choose from.
SMALLEST = 1e-5
NEUTRAL: Mapping[str, float] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": -1,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}


@dataclass(frozen=True)
class Wishes:
    """How to choose tokens, and when to end. A `top_k` of 0 or less allows every token."""

    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    max_tokens: int
    seed: int
    stop: Sequence[str]

    @property
    def greedy(self) -> bool:
        """Whether the most probable token is always taken."""
        return self.temperature < SMALLEST or self.top_p < SMALLEST or self.top_k == 1


def wishes(params: Mapping[str, Any], defaults: Mapping[str, float], max_tokens: int) -> Wishes:
    """What to do: the request's values, then the defaults of the model, then neutral ones.

    FastChat fills in values that a client has not sent and, mended, names them in "unset".
    """
    unset = params.get("unset", ())
    asked = {key: params[key] for key in NEUTRAL if key not in unset and params.get(key) is not None}
    found = {**NEUTRAL, **_given_by_fastchat(params), **defaults, **asked}
    seed = params.get("seed")
    return Wishes(
        **{**found, "top_k": int(found["top_k"])},  # pyright: ignore[reportArgumentType]
        max_tokens=max_tokens,
        seed=secrets.randbits(32) if seed is None else int(seed) % 2**63,
        stop=_words(params.get("stop")),
    )


def _given_by_fastchat(params: Mapping[str, Any]) -> dict[str, float]:
    return {key: params[key] for key in params.get("unset", ()) if key in NEUTRAL and params.get(key) is not None}


def _words(stop: Any) -> list[str]:
    return [word for word in ([stop] if isinstance(stop, str) else stop or []) if word]
