"""The merged settings as text, without their secrets."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from configs.settings import Settings

MASK = "********"
_SECRET_KEY = re.compile(r"(?:key|secret|token|password)(?!_env$)", re.IGNORECASE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(settings: Settings) -> str:
    """All settings in the form of `configs/default.toml`; secrets that are set show as asterisks."""
    lines: list[str] = []
    # TOML has no word for nothing; what is None is left to the model or the library anyway.
    _add_table(lines, (), settings.model_dump(exclude_none=True))
    return "\n".join(lines).strip() + "\n"


def masked_url(url: str) -> str:
    """A database URL without its password, and without parameters that may hold one."""
    parts = urlsplit(url)
    if not parts.hostname:
        return url
    place = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}:{MASK}@" if parts.password else f"{parts.username}@" if parts.username else ""
    query = re.sub(r"(?i)((?:key|secret|token|password)[^=&]*=)[^&]*", rf"\g<1>{MASK}", parts.query)
    return urlunsplit((parts.scheme, user + place, parts.path, query, parts.fragment))


def _add_table(lines: list[str], path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if plain and path:
        lines += ["", f"[{'.'.join(map(_key, path))}]"]
    lines += [f"{_key(key)} = {_value(key, value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, Mapping):
            _add_table(lines, (*path, key), value)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(key: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return json.dumps(MASK if value.get_secret_value() else "")
    if isinstance(value, str | Path):
        text = masked_url(str(value)) if key.endswith("url") else str(value)
        return json.dumps(MASK if text and _SECRET_KEY.search(key) else text, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)
