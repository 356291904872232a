"""The log of the API: each line with the id of its request, none with a secret or a path of this machine."""

import logging
import re
from pathlib import Path

from configs.sections.base import PROJECT_ROOT
from configs.settings import Settings
from server.api.request_id import request_id

FORMAT = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
_SECRETS = re.compile(r"\bzw-[\w-]{20,}|(?<=\bBearer )\S+", re.IGNORECASE)
_MASK = "********"


def set_up_logging(settings: Settings | None = None, level: int = logging.INFO) -> None:
    """Log to standard error; with settings, hide what they keep secret and where they keep files."""
    handler = logging.StreamHandler()
    handler.addFilter(_with_id)
    handler.setFormatter(Discreet(settings))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "faiss.loader"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _with_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id()
    return True


class Discreet(logging.Formatter):
    """Replaces paths and secrets in the finished text, tracebacks included."""

    def __init__(self, settings: Settings | None) -> None:
        super().__init__(FORMAT)
        places: dict[str, str] = {str(PROJECT_ROOT): "<zhiwen>", str(Path.home()): "~"}
        if settings is not None:
            places = {str(settings.paths.knowledge_base): "<knowledge_base>", **places}
            places[str(settings.paths.models)] = "<models>"
            if key := settings.security.api_key.get_secret_value():
                places[key] = _MASK
        # The longest first: a folder inside another one has its own name.
        self._places = sorted(((text, name) for text, name in places.items() if len(text) > 1), key=_longest)

    def format(self, record: logging.LogRecord) -> str:
        """The line, made discreet."""
        text = super().format(record)
        for hidden, name in self._places:
            text = text.replace(hidden, name)
        return _SECRETS.sub(_MASK, text)


def _longest(place: tuple[str, str]) -> int:
    return -len(place[0])
