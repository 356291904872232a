"""Prompt templates: `<folder>/<group>/<name>.md`, read anew on every use, so an edit counts at once.

A template holds `{{ name }}` places. They are filled in one pass of plain substitution: what a user or a document says
is never looked at for places again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configs.settings import PROJECT_ROOT
from server.errors import PromptNotFound

PROMPTS_FOLDER = PROJECT_ROOT / "configs" / "prompts"
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Prompts:
    """The templates below one folder."""

    folder: Path = PROMPTS_FOLDER

    def names(self, group: str) -> list[str]:
        """Names of the templates of a group, sorted."""
        return sorted(path.stem for path in (self.folder / group).glob("*.md"))

    def load(self, group: str, name: str) -> str:
        """Text of a template.

        Raises:
            PromptNotFound: the group has no such template.
        """
        known = self.names(group)
        if name not in known:
            raise PromptNotFound(mode=group, name=name, known=", ".join(known))
        return (self.folder / group / f"{name}.md").read_text("utf-8").strip()


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values into their places; a place without a value stays as it is."""
    return _PLACE.sub(lambda place: values.get(place.group(1), place.group()), template)


def has_place(template: str, name: str) -> bool:
    """Whether the template asks for a value of that name."""
    return any(place.group(1) == name for place in _PLACE.finditer(template))
