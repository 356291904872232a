"""The tables. SQL is the truth: what is not here does not exist, whatever an index or a folder holds.

A chunk is visible when its generation equals its file's and its state is "shown"; a file changes version by changing
that one number. Chunk ids are never used twice (`sqlite_autoincrement`), so an index may hold ids of chunks that are
gone.
"""

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(timezone.utc)


class Utc(TypeDecorator[datetime]):
    """A moment; SQLite forgets time zones, so what it gives back is marked as the UTC it was stored in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See the class."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=timezone.utc)


class Base(DeclarativeBase):
    """Base of all tables."""


class KnowledgeBaseRow(Base):
    """`key` is the name without regard to case; `index_generation` names the index folder in use. By `model_sign` the
    model the index was built with is known again.

    `settings` holds what this knowledge base decides for itself: splitter, chunk_size, ocr, ...
    """

    __tablename__ = "knowledge_base"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128), unique=True)
    info: Mapped[str] = mapped_column(Text, default="")
    vector_store: Mapped[str] = mapped_column(String(50))
    embed_model: Mapped[str] = mapped_column(String(200))
    dimension: Mapped[int] = mapped_column(Integer)
    model_sign: Mapped[str] = mapped_column(Text, default="")
    index_generation: Mapped[int] = mapped_column(Integer, default=1)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created: Mapped[datetime] = mapped_column(Utc, default=now)


class FileRow(Base):
    """One uploaded file. Generation 0 has no chunks: waiting, failed, or stored without indexing.

    State: waiting, ready, failed, or removing: deleted, and kept only until its bytes are gone, so that a rebuild after
    a crash cannot bring them back. `loader` and `splitter` tell what ran. `sha256` is the hash of the bytes the visible
    chunks were made of, `recipe` how (`Recipe.key`). `pages` counts pages, slides or parts; `empty_pages` numbers those
    without text. `custom_docs`: its chunks were given by somebody instead of read from its bytes. `revision` counts the
    changes of single chunks; `edits_lost` those that found no place when the file was read last.
    """

    __tablename__ = "file"
    __table_args__ = (UniqueConstraint("knowledge_base_id", "name"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    knowledge_base_id: Mapped[int] = mapped_column(ForeignKey("knowledge_base.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(1024))
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(Integer, default=0)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    loader: Mapped[str] = mapped_column(String(100), default="")
    splitter: Mapped[str] = mapped_column(String(100), default="")
    error_code: Mapped[str] = mapped_column(String(50), default="")
    error_detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    recipe: Mapped[str] = mapped_column(String(500), default="")
    pages: Mapped[int] = mapped_column(Integer, default=0)
    pages_with_text: Mapped[int] = mapped_column(Integer, default=0)
    empty_pages: Mapped[list[int]] = mapped_column(JSON, default=list)
    custom_docs: Mapped[bool] = mapped_column(Boolean, default=False)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    edits_lost: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[datetime] = mapped_column(Utc, default=now, onupdate=now)


class ChunkRow(Base):
    """One piece of one generation of a file; `meta` is JSON that says where the text stands.

    `id` names the entries of the two indexes, so its text never changes: an edited chunk is a new row. `public` is the
    id that people see, which outlives edits; 0 means that it is `id`. State: shown, disabled, deleted (kept without
    text, so that reading the file again does not bring it back), or staged: written, but not shown yet. `origin` is
    empty until somebody changes the chunk; see `server.knowledge_base.edits`.
    """

    __tablename__ = "chunk"
    __table_args__ = (Index("ix_chunk_file_generation", "file_id", "generation"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id", ondelete="CASCADE"))
    generation: Mapped[int] = mapped_column(Integer)
    ordinal: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    meta: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    public: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(10), default="shown")
    origin: Mapped[str] = mapped_column(String(100), default="")


class JobRow(Base):
    """The work of reading one file, from the upload until it is published or has failed.

    State: queued, running, done, failed or cancelled. `incoming` is the name of the upload in `.incoming`, empty when
    the bytes lie in the content folder already. `documents` are chunks that somebody gave instead of the file's own
    text, None for a file that is to be read. `page` of `pages` tells how far reading has come. `log` holds
    [seconds since the job was made, text] pairs.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    knowledge_base_id: Mapped[int] = mapped_column(ForeignKey("knowledge_base.id", ondelete="CASCADE"))
    file: Mapped[str] = mapped_column(String(1024))
    incoming: Mapped[str] = mapped_column(String(300), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(Integer, default=0)
    recipe: Mapped[dict[str, Any]] = mapped_column(JSON)
    documents: Mapped[list[Any] | None] = mapped_column(JSON, default=None)
    state: Mapped[str] = mapped_column(String(20), default="queued")
    stage: Mapped[str] = mapped_column(String(20), default="queued")
    page: Mapped[int] = mapped_column(Integer, default=0)
    pages: Mapped[int] = mapped_column(Integer, default=0)
    chunks: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error_code: Mapped[str] = mapped_column(String(50), default="")
    error_detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    log: Mapped[list[Any]] = mapped_column(JSON, default=list)
    created: Mapped[datetime] = mapped_column(Utc, default=now)
    started: Mapped[datetime | None] = mapped_column(Utc, default=None)
    finished: Mapped[datetime | None] = mapped_column(Utc, default=None)
