"""Searching without an answer."""

from server.api.schemas.search import HybridSearch, SearchAnswer
from webui_pages.client.transport import Envelope, Transport


class SearchCalls(Transport):
    """Calls of this part."""

    def search(self, request: HybridSearch) -> SearchAnswer:
        """The best chunks of some knowledge bases, each with the reason why it was found."""
        body = request.model_dump(exclude_none=True, by_alias=True)
        with self._call("POST", "/knowledge_base/search", json=body) as response:
            return self._parse(Envelope[SearchAnswer], response.read()).data
