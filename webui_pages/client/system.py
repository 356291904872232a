"""State of the services and of the machine, keys, and who is asking."""

from server.api.schemas.health import Health
from server.api.schemas.jobs import JobDetails
from server.api.schemas.keys import CreateKey, CurrentKey, KeyDetails, NewKey
from server.api.schemas.system import LogLines, Services, SystemInfo
from webui_pages.client.transport import Envelope, Transport

HEALTH_TIMEOUT_S = 3.0


class SystemCalls(Transport):
    """Calls of this part."""

    def health(self) -> Health:
        """State of the services and which models are in use."""
        with self._call("GET", "/health", timeout=HEALTH_TIMEOUT_S) as response:
            return self._parse(Health, response.read())

    def current_key(self) -> CurrentKey:
        """What the key of these calls may do."""
        with self._call("GET", "/keys/current", timeout=HEALTH_TIMEOUT_S) as response:
            return self._parse(Envelope[CurrentKey], response.read()).data

    def keys(self) -> list[KeyDetails]:
        """All keys, oldest first."""
        with self._call("GET", "/keys") as response:
            return self._parse(Envelope[list[KeyDetails]], response.read()).data

    def create_key(self, request: CreateKey) -> NewKey:
        """Make a key; the answer alone holds its text."""
        with self._call("POST", "/keys", json=request.model_dump(exclude_none=True)) as response:
            return self._parse(Envelope[NewKey], response.read()).data

    def revoke_key(self, name: str) -> None:
        """End a key."""
        with self._call("POST", f"/keys/{name}/revoke") as response:
            response.read()

    def services(self) -> Services:
        """What the launcher runs, and which logs there are."""
        with self._call("GET", "/system/services") as response:
            return self._parse(Envelope[Services], response.read()).data

    def log(self, service: str, lines: int) -> LogLines:
        """The end of a log."""
        with self._call("GET", f"/system/logs/{service}", params={"lines": lines}) as response:
            return self._parse(Envelope[LogLines], response.read()).data

    def system_info(self) -> SystemInfo:
        """Versions, room, memory, settings."""
        with self._call("GET", "/system/info") as response:
            return self._parse(Envelope[SystemInfo], response.read()).data

    def all_jobs(self, state: str = "") -> list[JobDetails]:
        """The work on files in all knowledge bases, newest first."""
        with self._call("GET", "/knowledge_base/jobs", params={"state": state} if state else {}) as response:
            return self._parse(Envelope[list[JobDetails]], response.read()).data

    def feedback_export(self) -> bytes:
        """Praised answers as an evaluation set."""
        with self._call("GET", "/feedback/export") as response:
            return response.read()

    def metrics(self) -> bytes:
        """The numbers for Prometheus as they are now."""
        with self._call("GET", "/metrics") as response:
            return response.read()
