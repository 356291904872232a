"""The answer of a rerank route, in the form of Jina, Cohere and those who copy it, as one score for each text."""

import math
from collections.abc import Mapping
from typing import Any

from server.errors import ModelFailed


def scores_of(name: str, answer: Mapping[str, Any], count: int) -> list[float]:
    """Scores in [0, 1] in the order of the texts, whatever order they came in.

    Raises:
        ModelFailed: there is not exactly one score for each of the `count` texts.
    """
    scores: dict[int, float] = {}
    try:
        for result in answer["results"]:
            scores[int(result["index"])] = float(result["relevance_score"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelFailed(name=name, reason="its answer holds no scores") from error
    if set(scores) != set(range(count)) or len(answer["results"]) != count:
        raise ModelFailed(name=name, reason=f"it did not give one score for each of {count} texts")
    if not all(math.isfinite(score) for score in scores.values()):
        raise ModelFailed(name=name, reason="it gave a score that is no number")
    found = [scores[position] for position in range(count)]
    return found if all(0 <= score <= 1 for score in found) else [_sigmoid(score) for score in found]


def _sigmoid(logit: float) -> float:
    """Some services, such as llama.cpp, give what the model computes; cut off at 0 and 1 its order would be lost."""
    return 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))
