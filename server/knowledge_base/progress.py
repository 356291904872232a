"""How long work on a knowledge base tells what it is doing."""

from collections.abc import Callable
from typing import Literal

Stage = Literal["hashing", "comparing", "repairing", "embedding"]
Told = Callable[[Stage, int, int], None]
"""Called with the stage, and how much of it is done out of how much; 0 of 0 where nobody can say."""


def untold(_: Stage, __: int, ___: int) -> None:
    """For work that nobody watches."""
