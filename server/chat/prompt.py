"""A question, its sources and its history as the messages a model gets."""

from collections.abc import Sequence

from server.chat.budget import Fitted
from server.chat.file_list import WHOLE
from server.chat.prompts import fill, has_place
from server.llm.prompt_parts import SourceText, render_question, render_sources
from server.types import Hit, Message


def messages_of(text: str, template: str, fitted: Fitted) -> list[Message]:
    """Earlier turns as messages of their own, unless the template has a place for them."""
    values = {
        "input": text,
        "question": render_question(text),
        "context": render_sources([_source(number, hit) for number, hit in enumerate(fitted.hits, 1)]),
        "history": transcript(fitted.history),
    }
    earlier = [] if has_place(template, "history") else list(fitted.history)
    return [*earlier, Message("user", fill(template, values))]


def transcript(history: Sequence[Message]) -> str:
    """Earlier turns as text, one a line."""
    return "\n".join(f"{message.role}: {message.content}" for message in history)


def place_of(hit: Hit) -> str:
    """Where in its file a text stands, as a person would say it; empty when the file has no such places."""
    meta = hit.chunk.meta
    parts = [str(meta["part"])] if meta.get("part") else []
    named = (("p.", "page"), ("slide", "slide"), ("sheet", "sheet"), ("row", "row"))
    parts += [f"{word} {meta[name]}" for word, name in named if meta.get(name)]
    spans = () if meta.get("row") else ("rows", "lines")
    parts += [f"{name} {meta[name][0]}-{meta[name][-1]}" for name in spans if meta.get(name)]
    parts += [" > ".join(map(str, meta["headings"]))] if meta.get("headings") else []
    return ", ".join(parts)


def _source(number: int, hit: Hit) -> SourceText:
    chunk = hit.chunk
    return SourceText(number, chunk.file, place_of(hit), chunk.text, whole=bool(chunk.meta.get(WHOLE)))
