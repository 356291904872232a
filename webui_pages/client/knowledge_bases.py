"""Knowledge bases: listing, making, settings, rebuilding."""

from collections.abc import Generator

from pydantic import BaseModel

from server.api.schemas.knowledge_bases import (
    CreateKnowledgeBase,
    Formats,
    KnowledgeBaseDetails,
    RebuildRequest,
    UpdateSettings,
)
from webui_pages.client.transport import Envelope, Transport, failure_of

FORMATS_TIMEOUT_S = 3.0


class RebuildStep(BaseModel):
    """One event of a rebuild: one file is through. `code` is 200, or `msg` says why the file failed."""

    code: int
    msg: str
    total: int = 0
    finished: int = 0
    doc: str = ""


class KnowledgeBaseCalls(Transport):
    """Calls of this part."""

    def knowledge_bases(self) -> list[KnowledgeBaseDetails]:
        """All knowledge bases with their counts."""
        return self._list(KnowledgeBaseDetails, "/knowledge_base/list_knowledge_bases", {})

    def create_knowledge_base(self, request: CreateKnowledgeBase) -> None:
        """Make an empty knowledge base."""
        self._post("/knowledge_base/create_knowledge_base", request.model_dump())

    def delete_knowledge_base(self, name: str) -> None:
        """Remove a knowledge base and its files."""
        self._post("/knowledge_base/delete_knowledge_base", name)

    def formats(self) -> Formats:
        """What can be uploaded and how it can be split."""
        with self._call("GET", "/knowledge_base/formats", timeout=FORMATS_TIMEOUT_S) as response:
            return self._parse(Envelope[Formats], response.read()).data

    def update_settings(self, request: UpdateSettings) -> None:
        """Change how a knowledge base reads files from now on."""
        self._post("/knowledge_base/update_settings", request.model_dump(exclude_none=True))

    def rebuild(self, request: RebuildRequest) -> Generator[RebuildStep, None, None]:
        """Rebuild the index from the files on disk; one step for each file, failed ones included."""
        for event in self._events("/knowledge_base/recreate_vector_store", request.model_dump(exclude_none=True)):
            if event.get("code", 200) != 200 and "doc" not in event:
                raise failure_of(event)
            yield RebuildStep.model_validate(event)
