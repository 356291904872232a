"""What is asked of the agent, and all that one answer works with."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.agent.runner import Runner
from server.agent.toolbox import Offer
from server.agent.window import Count
from server.llm.generation import Generation
from server.types import Message


@dataclass(frozen=True, slots=True)
class AgentQuestion:
    """A question. An empty `model`, and None for a number, mean the setting; None for `tools` means all ready ones."""

    text: str
    history: tuple[Message, ...] = ()
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    prompt: str = "default"
    tools: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One answer in the making. `room` is the tokens a prompt may have."""

    text: str
    history: Sequence[Message]
    instructions: str
    generation: Generation
    offer: Offer
    runner: Runner
    step_limit: int
    room: int
    tokens: Count
