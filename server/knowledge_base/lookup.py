"""A knowledge base by the name somebody typed."""

from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import KnowledgeBaseNotFound
from server.knowledge_base.names import KbName


def find(database: Database, name: str) -> KnowledgeBaseRow | None:
    """The knowledge base of that name, None when there is none. Raises `BadName`."""
    with database.statement() as connection:
        return rows.find_knowledge_base(connection, KbName.parse(name).key)


def named(database: Database, name: str) -> KnowledgeBaseRow:
    """The knowledge base of that name. Raises `KnowledgeBaseNotFound`, `BadName`."""
    kb = find(database, name)
    if kb is None:
        raise KnowledgeBaseNotFound(name=name)
    return kb
