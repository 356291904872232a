"""Kept messages → what clients see of them, a transcript in Markdown, and an evaluation set."""

import re
from collections.abc import Sequence
from typing import Any

from server.api.schemas.chat import Source
from server.api.schemas.conversations import ConversationDetails, JudgedQuestion, MessageDetails
from server.api.sources import sources_of
from server.chat.memory import ConversationInfo
from server.chat.prompt import place_of
from server.chat.records import hit_of
from server.db.conversation_tables import MessageRow
from server.types import Hit

_MARK = re.compile(r"\[(\d+)\]")
_COLUMNS = (
    "id",
    "mode",
    "question",
    "rewritten",
    "answer",
    "tools",
    "model",
    "prompt",
    "options",
    "first_token_ms",
    "total_ms",
    "usage",
    "finish",
    "finish_reason",
    "error_code",
    "feedback_score",
    "feedback_reason",
)


def conversation_details(info: ConversationInfo) -> ConversationDetails:
    """One conversation."""
    return ConversationDetails(
        id=info.id,
        title=info.title,
        mode=info.mode,
        knowledge_bases=list(info.knowledge_bases),
        messages=info.messages,
        created=info.created.isoformat(timespec="seconds"),
        updated=info.updated.isoformat(timespec="seconds"),
    )


def message_details(row: MessageRow, base_url: str) -> MessageDetails:
    """One message with its sources."""
    columns: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    sources: list[Source] = sources_of(_hits(row), row.rewritten or row.question, base_url)
    return MessageDetails(**columns, sources=sources, created=row.created.isoformat(timespec="seconds"))


def transcript(info: ConversationInfo, messages: Sequence[MessageRow]) -> str:
    """A conversation as Markdown."""
    lines = [f"# {info.title or info.id}", ""]
    for row in messages:
        lines += [f"## {' '.join(row.question.split())}", "", row.answer or f"*{row.error_code or row.finish}*", ""]
        lines += [f"{number}. {_named(hit)}" for number, hit in enumerate(_hits(row), 1)]
        lines += [""] if row.sources else []
    return "\n".join(lines).rstrip() + "\n"


def judged(row: MessageRow) -> JudgedQuestion:
    """A praised answer as a case of an evaluation set: the sources it names, or all where it names none."""
    hits = _hits(row)
    named = [int(number) for number in dict.fromkeys(_MARK.findall(row.answer)) if 0 < int(number) <= len(hits)]
    good = [hits[number - 1] for number in named] or hits
    files = list(dict.fromkeys(hit.chunk.file for hit in good))
    return JudgedQuestion(
        question=row.rewritten or row.question,
        answer=row.answer,
        file=files[0] if files else "",
        files=files,
        knowledge_bases=list(dict.fromkeys(hit.chunk.knowledge_base for hit in good if hit.chunk.knowledge_base)),
        chunk_ids=[number for hit in good for number in hit.chunk.meta.get("chunk_ids", (hit.chunk.id,))],
        score=row.feedback_score or 0,
        reason=row.feedback_reason,
    )


def _hits(row: MessageRow) -> list[Hit]:
    return [hit_of(stored) for stored in row.sources]


def _named(hit: Hit) -> str:
    place, url = place_of(hit), hit.chunk.meta.get("url", "")
    name = f"[{hit.chunk.file}]({url})" if url else hit.chunk.file
    return f"{name} ({place})" if place else name
