"""State of the services."""

from server.api.schemas.health import Health
from webui_pages.client.transport import Transport

HEALTH_TIMEOUT_S = 3.0


class SystemCalls(Transport):
    """Calls of this part."""

    def health(self) -> Health:
        """State of the services and which models are in use."""
        with self._call("GET", "/health", timeout=HEALTH_TIMEOUT_S) as response:
            return self._parse(Health, response.read())
