"""All SQL of API keys. Functions take the session of the caller's unit of work and never commit."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.api_key_tables import ApiKeyRow
from server.db.tables import now


def list_keys(session: Session) -> list[ApiKeyRow]:
    """All keys, revoked ones too, oldest first."""
    return list(session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id)))


def find_key(session: Session, name: str) -> ApiKeyRow | None:
    """The key of that name, revoked or not."""
    return session.scalar(select(ApiKeyRow).where(ApiKeyRow.name == name))


def add_key(session: Session, row: ApiKeyRow) -> ApiKeyRow:
    """Write down a new key."""
    session.add(row)
    session.flush()
    return row


def revoke_key(session: Session, name: str) -> ApiKeyRow | None:
    """Mark a key as revoked; None when none of that name is in force."""
    row = find_key(session, name)
    if row is None or row.revoked:
        return None
    row.revoked = now()
    return row


def note_uses(session: Session, moments: Mapping[int, datetime]) -> None:
    """Write down when keys were last used, by their ids."""
    for row in session.scalars(select(ApiKeyRow).where(ApiKeyRow.id.in_(moments))):
        row.last_used = moments[row.id]
