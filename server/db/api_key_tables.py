"""The table of API keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.tables import Base, Utc, now


class ApiKeyRow(Base):
    """One key; only the SHA-256 of it is kept, which is enough for a random text of 256 bits.

    `knowledge_bases` holds names as they were given, None for all. A revoked key stays, so that its name in old logs
    never means somebody else.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    knowledge_bases: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    created: Mapped[datetime] = mapped_column(Utc, default=now)
    last_used: Mapped[datetime | None] = mapped_column(Utc, default=None)
    revoked: Mapped[datetime | None] = mapped_column(Utc, default=None)
