"""Rebuilds, checks, repairs, summaries."""

from server.api.schemas.summaries import Summarize, SummaryDetails, SummaryName
from server.api.schemas.upkeep import CheckupDetails, RebuildDetails, StartRebuild
from webui_pages.client.transport import Envelope, Transport


class UpkeepCalls(Transport):
    """Calls of this part."""

    def start_rebuild(self, request: StartRebuild) -> RebuildDetails:
        """Begin to build an index anew; it goes on by itself."""
        with self._call("POST", "/knowledge_base/rebuilds", json=request.model_dump()) as response:
            return self._parse(Envelope[RebuildDetails], response.read()).data

    def rebuilds(self, knowledge_base: str = "") -> list[RebuildDetails]:
        """The rebuilds since the API was started, the newest first."""
        params = {"knowledge_base_name": knowledge_base}
        with self._call("GET", "/knowledge_base/rebuilds", params=params) as response:
            return self._parse(Envelope[list[RebuildDetails]], response.read()).data

    def cancel_rebuild(self, rebuild_id: int) -> None:
        """Call a rebuild off."""
        self._post(f"/knowledge_base/rebuilds/{rebuild_id}/cancel", None)

    def start_check(self, knowledge_base: str) -> None:
        """Begin to look where disk, database and indexes disagree; it goes on by itself."""
        self._post("/knowledge_base/checkups", {"knowledge_base_name": knowledge_base})

    def start_repair(self, knowledge_base: str) -> None:
        """Begin to put right what can be put right by itself; it goes on by itself and ends with a check."""
        self._post("/knowledge_base/checkups/repair", {"knowledge_base_name": knowledge_base})

    def newest_checkup(self, knowledge_base: str) -> CheckupDetails | None:
        """The last check or repair that was begun since the API was started."""
        params = {"knowledge_base_name": knowledge_base}
        with self._call("GET", "/knowledge_base/checkups", params=params) as response:
            return next(iter(self._parse(Envelope[list[CheckupDetails]], response.read()).data), None)

    def summaries(self, knowledge_base: str) -> list[SummaryDetails]:
        """The summaries, also those in the making."""
        params = {"knowledge_base_name": knowledge_base}
        with self._call("GET", "/knowledge_base/summaries", params=params) as response:
            return self._parse(Envelope[list[SummaryDetails]], response.read()).data

    def summarize(self, request: Summarize) -> None:
        """Have summaries made in the background."""
        self._post("/knowledge_base/summaries", request.model_dump(exclude_none=True))

    def cancel_summaries(self, knowledge_base: str) -> None:
        """Call off what waits or is being made."""
        self._post("/knowledge_base/cancel_summaries", {"knowledge_base_name": knowledge_base})

    def delete_summary(self, knowledge_base: str, file: str) -> None:
        """Forget the summary of a file, or with an empty name that of the knowledge base."""
        request = SummaryName(knowledge_base_name=knowledge_base, file_name=file)
        self._post("/knowledge_base/delete_summary", request.model_dump())
