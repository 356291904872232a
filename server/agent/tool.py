"""What a tool is: a function the model may call, described for people and for models.

A tool becomes LangChain's `StructuredTool` where it is run or another program wants it; until then nothing of
LangChain's is loaded.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from server.caller import Scope
from server.errors import Language
from server.types import Hit

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

Output = str | Sequence[Hit]
"""What a tool gives back: text, or passages that an answer can cite."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """The text in one language."""
        return self.zh if language == "zh" else self.en


def _ready() -> Text | None:
    return None


def _nothing_more() -> str:
    return ""


@dataclass(frozen=True)
class Tool:
    """One tool. `call` takes the arguments by name and raises `ZhiwenError` for what the model should be told.

    `arguments` is a pydantic model or a JSON schema; `why_not` tells why the tool cannot be used now; `more` is what
    the model has to know besides the description, such as the names it may choose among. Both may ask a database.
    `server` is the MCP server behind it.

    An API key needs the scope `needs`; a tool that reaches `beyond` the knowledge bases, into data or programs of the
    server, is not for keys that are limited to some of them.
    """

    name: str
    title: Text
    description: Text
    arguments: type[BaseModel] | Mapping[str, Any]
    call: Callable[..., Awaitable[Output]]
    why_not: Callable[[], Text | None] = _ready
    more: Callable[[], str] = _nothing_more
    server: str = ""
    needs: Scope = "read"
    beyond: bool = False

    def schema(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        if isinstance(self.arguments, Mapping):
            return dict(self.arguments)
        schema = self.arguments.model_json_schema()
        return {key: value for key, value in schema.items() if key not in ("title", "description")}


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool as one run offers it to its model: with the whole description, in one language."""

    tool: Tool
    description: str

    @property
    def name(self) -> str:
        """Name of the tool."""
        return self.tool.name


def offer(tool: Tool, language: Language) -> OfferedTool:
    """The tool with all that a model has to know of it."""
    return OfferedTool(tool, "\n".join(filter(None, (tool.description.of(language), tool.more()))))


def as_langchain(offered: OfferedTool) -> "StructuredTool":
    """The tool as LangChain's; passages it finds are the artifact of its message."""
    from langchain_core.tools import StructuredTool

    async def call(**arguments: Any) -> tuple[str, tuple[Hit, ...]]:
        output = await offered.tool.call(**arguments)
        return (output, ()) if isinstance(output, str) else (render_hits(output), tuple(output))

    arguments = offered.tool.arguments
    return StructuredTool(
        name=offered.name,
        description=offered.description,
        args_schema=dict(arguments) if isinstance(arguments, Mapping) else arguments,
        coroutine=call,
        response_format="content_and_artifact",
    )


def render_hits(hits: Sequence[Hit], first: int = 1) -> str:
    """Passages as a model reads them, numbered so that it can cite them as [n]."""
    parts = (f"[{number}] {_origin(hit)}\n{hit.chunk.text}" for number, hit in enumerate(hits, first))
    return "\n\n".join(parts)


def _origin(hit: Hit) -> str:
    place = hit.chunk.meta.get("url") or (f"p. {hit.chunk.meta['page']}" if hit.chunk.meta.get("page") else "")
    return f"{hit.chunk.file} ({place})" if place else hit.chunk.file
