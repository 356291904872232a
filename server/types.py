"""Values that cross the borders between packages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file that is searched. `ordinal` counts from 0 in reading order within its file.

    `meta` says where the text stands: `page` (from 1), `row` (from 1), `headings` (path from the outermost), ...
    """

    id: int
    knowledge_base: str
    file: str
    ordinal: int
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its relevance in [0, 1], higher is better; 0.5 is the border of "matches the question".

    `dense` is the cosine similarity in [-1, 1]; `lexical` the BM25 score divided by the sum of the question's inverse
    document frequencies, 0 where no word matches.
    """

    chunk: Chunk
    relevance: float
    dense: float
    lexical: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    rerank: float | None = None

    @property
    def distance(self) -> float:
        """Relevance as a distance in [0, 2], smaller is better, for clients of the 0.2.10 API."""
        return 2 * (1 - self.relevance)


@dataclass(frozen=True, slots=True)
class CallPiece:
    """The next piece of a tool call that a model leaves to whoever asked it; pieces of one `index` are one call.

    The id and the name of the tool come with the first piece, `arguments` is JSON text in pieces.
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    `calls` are the tool calls of an assistant's turn, `call_id` says which of them a turn of the role "tool" answers;
    only models that call tools know either.
    """

    role: Role
    content: str
    calls: tuple[CallPiece, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRewritten:
    """The question that is searched for, made to stand alone."""

    text: str


@dataclass(frozen=True, slots=True)
class ContextTrimmed:
    """What did not fit into the model's window: how many earlier messages and hits were left out."""

    messages: int
    hits: int


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the user should know although the answer goes on, such as a search engine that had to be replaced.

    `code` and `detail` are those of an error of `server.errors`.
    """

    code: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourcesFound:
    """The hits an answer will rest on, best first; empty when no document matches."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """An agent calls a tool; `id` is that of the call."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """What the tool gave back, or in `error` why it did not."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    output: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the prompt and of the answer; `exact` says whether the model's tokenizer counted them."""

    prompt_tokens: int
    completion_tokens: int
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is complete."""

    finish_reason: str = "stop"
    usage: Usage | None = None


ChatEvent = (
    QuestionRewritten | ContextTrimmed | Noticed | SourcesFound | Token | CallPiece | ToolStarted | ToolFinished | Done
)
