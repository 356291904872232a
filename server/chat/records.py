"""What is kept of a question and its answer, and how hits are written down and read back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from server.types import Chunk, Hit, ToolFinished, Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a question before there is an answer. `owner` is the name of the caller's API key, or empty.

    Without `conversation_id` the message is kept for feedback only. `options` are the other choices of the request, by
    which a client asks on in the same way.
    """

    message_id: str
    mode: str
    question: str
    conversation_id: str = ""
    owner: str = ""
    knowledge_bases: tuple[str, ...] = ()
    model: str = ""
    prompt: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Answered:
    """A question with what became of it; see `MessageRow` for the fields.

    `thoughts` is what an agent said before a tool, by the id of the call; the answer is what it said after the last.
    """

    asked: Asked
    rewritten: str = ""
    answer: str = ""
    hits: tuple[Hit, ...] = ()
    tools: list[ToolFinished] = field(default_factory=list)
    thoughts: dict[str, str] = field(default_factory=dict)
    first_token_ms: int | None = None
    total_ms: int = 0
    usage: Usage | None = None
    finish: str = "stopped"
    finish_reason: str = ""
    error_code: str = ""


def stored_hit(hit: Hit) -> dict[str, Any]:
    """A hit as JSON."""
    chunk = hit.chunk
    return {
        "id": chunk.id,
        "knowledge_base": chunk.knowledge_base,
        "file": chunk.file,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "meta": dict(chunk.meta),
        "relevance": hit.relevance,
        "dense": hit.dense,
        "lexical": hit.lexical,
    }


def hit_of(stored: Mapping[str, Any]) -> Hit:
    """A hit from what `stored_hit` wrote."""
    places = {name: stored[name] for name in ("id", "knowledge_base", "file", "ordinal", "text", "meta")}
    return Hit(Chunk(**places), stored["relevance"], stored["dense"], stored["lexical"])


def stored_tool(tool: ToolFinished, thought: str) -> dict[str, Any]:
    """A call of a tool as JSON, with what was said before it."""
    return {**asdict(tool), "arguments": dict(tool.arguments), "thought": thought}
