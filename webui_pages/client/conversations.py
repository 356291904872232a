"""Conversations that the API keeps, and the files dropped into them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from pydantic import BaseModel, Field

from server.api.schemas.chunks import ChunkWithNeighbours
from server.api.schemas.conversations import (
    ConversationDetails,
    ConversationListResponse,
    ConversationWithMessages,
)
from server.api.schemas.temporary import TemporaryDetails
from webui_pages.client.transport import ApiFailed, Envelope, Transport

MESSAGE_GONE = "message_not_found"
CONVERSATION_GONE = "conversation_not_found"
FILES_GONE = "temporary_not_found"


class Dropped(BaseModel):
    """`data` of an upload into a chat: its id, and by file the reason why it cannot be used."""

    id: str
    failed_files: list[dict[str, str]] = Field(default_factory=list)


@dataclass(frozen=True)
class Around:
    """A chunk among its neighbours, in reading order."""

    before: list[str]
    text: str
    after: list[str]


class ConversationCalls(Transport):
    """Calls of this part."""

    def conversations(self, search: str, *, limit: int, offset: int) -> ConversationListResponse:
        """A page of conversations, the latest used first."""
        params = {"search": search, "limit": str(limit), "offset": str(offset)}
        with self._call("GET", "/conversations", params=params) as response:
            return self._parse(ConversationListResponse, response.read())

    def conversation(self, conversation_id: str) -> ConversationWithMessages:
        """A conversation with all that was said in it."""
        with self._call("GET", f"{_path(conversation_id)}/messages") as response:
            return self._parse(Envelope[ConversationWithMessages], response.read()).data

    def create_conversation(self, conversation_id: str, title: str) -> ConversationDetails:
        """An empty conversation with a title."""
        body = {"id": conversation_id, "title": title}
        with self._call("POST", "/conversations", json=body) as response:
            return self._parse(Envelope[ConversationDetails], response.read()).data

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give it another title."""
        with self._call("PATCH", _path(conversation_id), json={"title": title}) as response:
            response.read()

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete it with its messages."""
        with self._call("DELETE", _path(conversation_id)) as response:
            response.read()

    def forget_message(self, conversation_id: str, message_id: str) -> bool:
        """Take a question back with all that followed; False where it is not kept, or not kept yet."""
        where = f"{_path(conversation_id)}/messages/{quote(message_id, safe='')}"
        try:
            with self._call("DELETE", where, params={"and_later": "true"}) as response:
                response.read()
        except ApiFailed as failure:
            if failure.code in (MESSAGE_GONE, CONVERSATION_GONE):
                return False
            raise
        return True

    def export_conversation(self, conversation_id: str, form: str) -> bytes:
        """The conversation as a file, `markdown` or `json`."""
        with self._call("GET", f"{_path(conversation_id)}/export", params={"format": form}) as response:
            return response.read()

    def drop_files(self, knowledge_id: str, files: Sequence[tuple[str, IO[bytes]]]) -> Dropped:
        """Send files into a chat, beside those that are there; they are read in the background."""
        fields = {"prev_id": knowledge_id, "keep": "true", "wait": "false"}
        parts = [("files", (name, content, "application/octet-stream")) for name, content in files]
        with self._call("POST", "/knowledge_base/upload_temp_docs", data=fields, files=parts) as response:
            return self._parse(Envelope[Dropped], response.read()).data

    def dropped_files(self, knowledge_id: str) -> TemporaryDetails | None:
        """The files of a chat; None when they have expired."""
        try:
            params = {"knowledge_id": knowledge_id}
            with self._call("GET", "/knowledge_base/temp_docs", params=params) as response:
                return self._parse(Envelope[list[TemporaryDetails]], response.read()).data[0]
        except ApiFailed as failure:
            if failure.code == FILES_GONE:
                return None
            raise

    def forget_files(self, knowledge_id: str, names: Sequence[str]) -> None:
        """Forget some files of a chat; without names all of them."""
        self._post("/knowledge_base/delete_temp_docs", {"knowledge_id": knowledge_id, "file_names": list(names)})

    def page_image(self, knowledge_base: str, file: str, page: int) -> bytes:
        """A page of a PDF, or a picture, as PNG."""
        params = {"knowledge_base_name": knowledge_base, "file_name": file, "page": str(page)}
        with self._call("GET", "/knowledge_base/page_image", params=params) as response:
            return response.read()

    def around(self, knowledge_base: str, chunk_ids: Sequence[int]) -> Around:
        """The text before and after a passage; `chunk_ids` in reading order."""
        first = self._chunk(knowledge_base, chunk_ids[0])
        last = first if len(chunk_ids) == 1 else self._chunk(knowledge_base, chunk_ids[-1])
        return Around([each.text for each in first.before], first.text, [each.text for each in last.after])

    def _chunk(self, knowledge_base: str, chunk_id: int) -> ChunkWithNeighbours:
        params = {"knowledge_base_name": knowledge_base, "neighbours": "1"}
        with self._call("GET", f"/knowledge_base/chunks/{chunk_id}", params=params) as response:
            return self._parse(Envelope[ChunkWithNeighbours], response.read()).data


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"
