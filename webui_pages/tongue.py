"""The language in which a reader meets the page, before choosing another one on it."""

from typing import Literal

from server.errors import Language


def first_language(wanted: Language | Literal["auto"], asked: str | None) -> Language:
    """What the settings say; for "auto" what the browser asks for first, and Chinese where it does not say."""
    if wanted != "auto":
        return wanted
    return "zh" if not asked or asked.strip().lower().startswith("zh") else "en"
