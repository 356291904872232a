"""All SQL of conversations and messages. Functions take the session of the caller's unit of work, never commit."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.db.conversation_tables import ConversationRow, MessageRow


def find_conversation(session: Session, owner: str, conversation_id: str) -> ConversationRow | None:
    """One conversation of this owner."""
    query = select(ConversationRow).where(ConversationRow.owner == owner, ConversationRow.id == conversation_id)
    return session.scalar(query)


def add_conversation(session: Session, row: ConversationRow) -> ConversationRow:
    """A new conversation; raises what the database raises when the owner has one of that id."""
    session.add(row)
    session.flush()
    return row


def list_conversations(
    session: Session, owner: str, *, search: str = "", limit: int, offset: int
) -> tuple[int, list[tuple[ConversationRow, int]]]:
    """How many there are, and a page of them, the latest used first, each with its number of messages.

    `search` is looked for in titles, questions and answers, without regard to case where the database can.
    """
    wanted = ConversationRow.owner == owner
    if search:
        said = select(MessageRow.conversation_number).where(
            MessageRow.question.icontains(search, autoescape=True)
            | MessageRow.answer.icontains(search, autoescape=True)
        )
        wanted &= ConversationRow.title.icontains(search, autoescape=True) | ConversationRow.number.in_(said)
    total = session.scalar(select(func.count()).select_from(ConversationRow).where(wanted)) or 0
    count = (
        select(func.count())
        .select_from(MessageRow)
        .where(MessageRow.conversation_number == ConversationRow.number)
        .scalar_subquery()
    )
    order = (ConversationRow.updated.desc(), ConversationRow.number.desc())
    page = select(ConversationRow, count).where(wanted).order_by(*order).limit(limit).offset(offset)
    return total, [(row, number) for row, number in session.execute(page)]


def delete_conversation(session: Session, row: ConversationRow) -> None:
    """Delete a conversation with its messages."""
    session.execute(delete(MessageRow).where(MessageRow.conversation_number == row.number))
    session.execute(delete(ConversationRow).where(ConversationRow.number == row.number))


def messages(session: Session, conversation_number: int) -> list[MessageRow]:
    """All messages of a conversation, oldest first."""
    query = select(MessageRow).where(MessageRow.conversation_number == conversation_number)
    return list(session.scalars(query.order_by(MessageRow.number)))


def last_answered(session: Session, owner: str, conversation_id: str, turns: int) -> list[MessageRow]:
    """The last messages of a conversation that have an answer, oldest first; none where there is no conversation."""
    query = (
        select(MessageRow)
        .join(ConversationRow, MessageRow.conversation_number == ConversationRow.number)
        .where(ConversationRow.owner == owner, ConversationRow.id == conversation_id)
        .where(MessageRow.answer != "", MessageRow.finish != "failed")
        .order_by(MessageRow.number.desc())
        .limit(turns)
    )
    return list(session.scalars(query))[::-1]


def add_message(session: Session, row: MessageRow) -> None:
    """A new message."""
    session.add(row)


def find_message(session: Session, owner: str, message_id: str) -> MessageRow | None:
    """One message of this owner."""
    return session.scalar(select(MessageRow).where(MessageRow.owner == owner, MessageRow.id == message_id))


def delete_messages(session: Session, numbers: Sequence[int]) -> None:
    """Delete messages by number."""
    session.execute(delete(MessageRow).where(MessageRow.number.in_(numbers)))


def with_feedback(session: Session, owner: str, least_score: int) -> list[MessageRow]:
    """All messages that got at least this score, oldest first."""
    query = select(MessageRow).where(MessageRow.owner == owner, MessageRow.feedback_score >= least_score)
    return list(session.scalars(query.order_by(MessageRow.number)))
