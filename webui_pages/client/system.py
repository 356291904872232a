"""State of the services, and who is asking."""

from server.api.schemas.health import Health
from server.api.schemas.keys import CurrentKey
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
