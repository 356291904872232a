"""Conversations in SQL: made on first use, loaded as history, listed, changed, and written by one journal.

Each belongs to the API key that made it; another key gets "not found". Everything here blocks, but for `put`: call it
in a thread.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from server.chat.journal import Journal
from server.chat.records import Answered, Asked, stored_hit, stored_tool
from server.db import conversations as rows
from server.db.conversation_tables import ConversationRow, MessageRow
from server.db.session import Database, Session
from server.db.tables import now
from server.errors import ConversationExists, ConversationNotFound, MessageNotFound
from server.types import Message

TITLE_LENGTH = 40
GOOD_SCORE = 50
"""Feedback runs from 0 to 100; from here on it is praise."""


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """One conversation and how many messages it has."""

    id: str
    title: str
    mode: str
    knowledge_bases: tuple[str, ...]
    messages: int
    created: datetime
    updated: datetime


class Conversations:
    """All conversations of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal: Journal[Answered] = Journal(self._write)

    def put(self, answered: Answered) -> "Future[None]":
        """Write soon, without waiting; the future tells when."""
        return self._journal.put(answered)

    def close(self) -> None:
        """Write what was put."""
        self._journal.close()

    def history(self, owner: str, conversation_id: str, turns: int) -> tuple[Message, ...]:
        """The last answered turns, oldest first; none of a conversation that does not exist yet."""
        with self._database.read() as session:
            found = rows.last_answered(session, owner, conversation_id, turns)
        return tuple(
            message
            for row in found
            for message in (Message("user", row.rewritten or row.question), Message("assistant", row.answer))
        )

    def create(
        self, owner: str, *, conversation_id: str = "", title: str = "", mode: str = "", names: Sequence[str] = ()
    ) -> ConversationInfo:
        """A new conversation, with an id of its own unless one is given.

        Raises:
            ConversationExists: there is one of that id.
        """
        wanted = conversation_id or uuid4().hex
        with self._database.unit_of_work() as session:
            if rows.find_conversation(session, owner, wanted):
                raise ConversationExists(id=wanted)
            row = ConversationRow(id=wanted, owner=owner, title=title, mode=mode, knowledge_bases=list(names))
            return _info(rows.add_conversation(session, row), 0)

    def page(
        self, owner: str, *, search: str = "", limit: int = 50, offset: int = 0
    ) -> tuple[int, list[ConversationInfo]]:
        """How many match, and a page of them, the latest used first."""
        with self._database.read() as session:
            total, found = rows.list_conversations(session, owner, search=search, limit=limit, offset=offset)
        return total, [_info(row, count) for row, count in found]

    def rename(self, owner: str, conversation_id: str, title: str) -> ConversationInfo:
        """Give a conversation another title; raises `ConversationNotFound`."""
        with self._database.unit_of_work() as session:
            row = _conversation(session, owner, conversation_id)
            row.title = title
            return _info(row, len(rows.messages(session, row.number)))

    def delete(self, owner: str, conversation_id: str) -> None:
        """Delete a conversation with its messages; raises `ConversationNotFound`."""
        with self._database.unit_of_work() as session:
            rows.delete_conversation(session, _conversation(session, owner, conversation_id))

    def read(self, owner: str, conversation_id: str) -> tuple[ConversationInfo, list[MessageRow]]:
        """A conversation with its messages, oldest first; raises `ConversationNotFound`."""
        with self._database.read() as session:
            row = _conversation(session, owner, conversation_id)
            found = rows.messages(session, row.number)
            return _info(row, len(found)), found

    def forget(self, owner: str, conversation_id: str, message_id: str, *, and_later: bool = False) -> list[MessageRow]:
        """Delete a message, or it and all later ones; `last` names the last. Returns what went, oldest first.

        Raises:
            ConversationNotFound: no such conversation.
            MessageNotFound: it has no such message.
        """
        with self._database.unit_of_work() as session:
            found = rows.messages(session, _conversation(session, owner, conversation_id).number)
            numbers = [
                row.number for row in found if row.id == message_id or (message_id == "last" and row is found[-1])
            ]
            if not numbers:
                raise MessageNotFound(id=message_id)
            gone = [row for row in found if row.number == numbers[0] or (and_later and row.number > numbers[0])]
            rows.delete_messages(session, [row.number for row in gone])
            return gone

    def give_feedback(self, owner: str, message_id: str, score: int, reason: str) -> None:
        """Keep what somebody thinks of an answer; the latest word counts. Raises `MessageNotFound`."""
        with self._database.unit_of_work() as session:
            row = rows.find_message(session, owner, message_id)
            if row is None:
                raise MessageNotFound(id=message_id)
            row.feedback_score, row.feedback_reason = score, reason

    def praised(self, owner: str, least_score: int = GOOD_SCORE) -> list[MessageRow]:
        """Messages with at least this feedback, oldest first."""
        with self._database.read() as session:
            return rows.with_feedback(session, owner, least_score)

    def _write(self, batch: Sequence[Answered]) -> None:
        with self._database.unit_of_work() as session:
            for answered in batch:
                number = _conversation_for(session, answered.asked)
                rows.add_message(session, _row(answered, number))


def title_of(question: str) -> str:
    """A title made of a question: its first line, cut at a word where there are words."""
    line = " ".join(question.strip().split("\n", 1)[0].split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[TITLE_LENGTH // 2 :] else cut}…"


def _conversation(session: Session, owner: str, conversation_id: str) -> ConversationRow:
    row = rows.find_conversation(session, owner, conversation_id)
    if row is None:
        raise ConversationNotFound(id=conversation_id)
    return row


def _conversation_for(session: Session, asked: Asked) -> int | None:
    """Number of the conversation a message belongs to, which its first message makes; None without one."""
    if not asked.conversation_id:
        return None
    row = rows.find_conversation(session, asked.owner, asked.conversation_id)
    if row is None:
        row = rows.add_conversation(session, ConversationRow(id=asked.conversation_id, owner=asked.owner))
    row.title = row.title or title_of(asked.question)
    row.mode, row.knowledge_bases, row.updated = asked.mode, list(asked.knowledge_bases), now()
    return row.number


def _row(answered: Answered, conversation_number: int | None) -> MessageRow:
    asked = answered.asked
    return MessageRow(
        id=asked.message_id,
        conversation_number=conversation_number,
        owner=asked.owner,
        mode=asked.mode,
        question=asked.question,
        rewritten=answered.rewritten,
        answer=answered.answer,
        sources=[stored_hit(hit) for hit in answered.hits],
        tools=[stored_tool(tool, answered.thoughts[tool.id]) for tool in answered.tools],
        model=asked.model,
        prompt=asked.prompt,
        options=dict(asked.options),
        first_token_ms=answered.first_token_ms,
        total_ms=answered.total_ms,
        usage=asdict(answered.usage) if answered.usage else {},
        finish=answered.finish,
        finish_reason=answered.finish_reason,
        error_code=answered.error_code,
    )


def _info(row: ConversationRow, messages: int) -> ConversationInfo:
    return ConversationInfo(row.id, row.title, row.mode, tuple(row.knowledge_bases), messages, row.created, row.updated)
