"""Chunks of a knowledge base, and how a file would be split."""

from typing import IO

from server.api.schemas.chunks import AddChunk, ChangeChunks, ChunkDetails, ChunkPage, DeleteChunks
from server.api.schemas.knowledge_bases import SettingsRequest
from server.api.schemas.preview import Preview
from webui_pages.client.transport import Envelope, Transport

PREVIEWED = 20


class ChunkCalls(Transport):
    """Calls of this part."""

    def chunks(
        self, knowledge_base: str, *, file: str = "", state: str = "", text: str = "", page: int = 1, size: int = 10
    ) -> ChunkPage:
        """One page of chunks in reading order; `file`, `state` and `text` narrow them down."""
        params = {
            "knowledge_base_name": knowledge_base,
            "file_name": file,
            "state": state,
            "text": text,
            "page": page,
            "page_size": size,
        }
        with self._call("GET", "/knowledge_base/chunks", params=params) as response:
            return self._parse(Envelope[ChunkPage], response.read()).data

    def chunk(self, knowledge_base: str, chunk_id: str) -> ChunkDetails:
        """One chunk as it is now."""
        params = {"knowledge_base_name": knowledge_base, "neighbours": "0"}
        with self._call("GET", f"/knowledge_base/chunks/{chunk_id}", params=params) as response:
            return self._parse(Envelope[ChunkDetails], response.read()).data

    def add_chunk(self, request: AddChunk) -> None:
        """Put a chunk into a file."""
        self._post("/knowledge_base/chunks", request.model_dump(exclude_none=True))

    def change_chunks(self, request: ChangeChunks) -> None:
        """Edit, disable or enable chunks."""
        self._post("/knowledge_base/chunks/update", request.model_dump(exclude_none=True))

    def delete_chunks(self, request: DeleteChunks) -> None:
        """Take chunks out."""
        self._post("/knowledge_base/chunks/delete", request.model_dump())

    def page_image(self, knowledge_base: str, file: str, page: int) -> bytes:
        """How a page of a PDF, or a picture, looks: PNG."""
        params = {"knowledge_base_name": knowledge_base, "file_name": file, "page": page}
        with self._call("GET", "/knowledge_base/page_image", params=params) as response:
            return response.read()

    def preview_chunks(
        self, settings: SettingsRequest, *, text: str = "", name: str = "", content: IO[bytes] | None = None
    ) -> Preview:
        """The first chunks a file, or a text, would give; nothing is kept."""
        wanted = settings.model_dump(exclude_none=True, exclude={"top_k", "score_threshold", "rerank"})
        fields = {field: str(value).lower() if isinstance(value, bool) else value for field, value in wanted.items()}
        files = {"file": (name, content, "application/octet-stream")} if content else None
        data = {**fields, "limit": PREVIEWED, "text": text}
        with self._call("POST", "/knowledge_base/preview_chunks", data=data, files=files) as response:
            return self._parse(Envelope[Preview], response.read()).data
