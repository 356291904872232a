"""The table of summaries."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.tables import Base, Utc, now


class SummaryRow(Base):
    """The summary of one file, or without a `file_id` that of a knowledge base, made of the summaries of its files.

    State: queued, running, done or failed. `sha256` is the hash of what was summarised: of the file's bytes, or of the
    names and hashes of all files. `parts` are the summaries of the parts. `extractive` tells that it consists of
    sentences of the text. `done` of `total` steps are through.
    """

    __tablename__ = "summary"
    __table_args__ = (Index("ix_summary_knowledge_base", "knowledge_base_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    knowledge_base_id: Mapped[int] = mapped_column(ForeignKey("knowledge_base.id", ondelete="CASCADE"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("file.id", ondelete="CASCADE"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(20), default="queued")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    text: Mapped[str] = mapped_column(Text, default="")
    parts: Mapped[list[str]] = mapped_column(JSON, default=list)
    extractive: Mapped[bool] = mapped_column(Boolean, default=False)
    model: Mapped[str] = mapped_column(String(200), default="")
    temperature: Mapped[float | None] = mapped_column(Float, default=None)
    max_tokens: Mapped[int | None] = mapped_column(Integer, default=None)
    description: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(50), default="")
    error_detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created: Mapped[datetime] = mapped_column(Utc, default=now)
    finished: Mapped[datetime | None] = mapped_column(Utc, default=None)
