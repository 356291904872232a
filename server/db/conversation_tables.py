"""The tables of conversations: a message is one question with its answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.db.tables import Base, Utc, now


class ConversationRow(Base):
    """A conversation. Clients make up its `id`, so it is unique among those of its `owner` only.

    `owner` is the name of the API key that made it, empty where there are no keys.
    """

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("owner", "id"), Index("ix_conversation_updated", "updated"))

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    mode: Mapped[str] = mapped_column(String(30), default="")
    knowledge_bases: Mapped[list[str]] = mapped_column(JSON, default=list)
    created: Mapped[datetime] = mapped_column(Utc, default=now)
    updated: Mapped[datetime] = mapped_column(Utc, default=now)


class MessageRow(Base):
    """One question with its answer; without a conversation it is kept for feedback only.

    `finish` is complete, stopped (the client left) or failed, then with `error_code`. `sources` are hits and `tools`
    calls of tools as `server.chat.records` writes them, `options` the other choices of the request. Times are
    milliseconds since the question came.
    """

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_conversation", "conversation_number"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    conversation_number: Mapped[int | None] = mapped_column(ForeignKey("conversation.number", ondelete="CASCADE"))
    owner: Mapped[str] = mapped_column(String(100), default="")
    mode: Mapped[str] = mapped_column(String(30))
    question: Mapped[str] = mapped_column(Text)
    rewritten: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    tools: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    model: Mapped[str] = mapped_column(String(200), default="")
    prompt: Mapped[str] = mapped_column(String(100), default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    first_token_ms: Mapped[int | None] = mapped_column(Integer, default=None)
    total_ms: Mapped[int] = mapped_column(Integer, default=0)
    usage: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finish: Mapped[str] = mapped_column(String(20), default="complete")
    finish_reason: Mapped[str] = mapped_column(String(50), default="")
    error_code: Mapped[str] = mapped_column(String(50), default="")
    feedback_score: Mapped[int | None] = mapped_column(Integer, default=None)
    feedback_reason: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(Utc, default=now)
