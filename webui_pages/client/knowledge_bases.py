"""Knowledge bases: listing, making, settings."""

from server.api.schemas.knowledge_bases import (
    CreateKnowledgeBase,
    Formats,
    KnowledgeBaseDetails,
    UpdateInfo,
    UpdateSettings,
)
from webui_pages.client.transport import Envelope, Transport

FORMATS_TIMEOUT_S = 3.0


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

    def update_info(self, name: str, info: str) -> None:
        """Change the description."""
        self._post("/knowledge_base/update_info", UpdateInfo(knowledge_base_name=name, kb_info=info).model_dump())
