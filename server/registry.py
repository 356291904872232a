"""Names for exchangeable parts, each loaded on first use."""

import importlib
from typing import Generic, TypeVar, cast

from server.errors import MissingDependency, UnknownPart

T = TypeVar("T")


class Registry(Generic[T]):
    """A table from a name to a part, given as "module:attribute".

    A name with a colon that is not in the table is taken as such an address itself, so any class that keeps the
    part's protocol plugs in from the settings without being registered.
    """

    def __init__(
        self, kind_en: str, kind_zh: str, entries: dict[str, str], *, install: dict[str, str] | None = None
    ) -> None:
        self._kind = {"kind_en": kind_en, "kind_zh": kind_zh}
        self._entries = dict(entries)
        self._install = install or {}

    def names(self) -> list[str]:
        """The registered names, in order of registration."""
        return list(self._entries)

    def get(self, name: str) -> T:
        """Load the part.

        Raises:
            UnknownPart: nothing of that name.
            MissingDependency: the part needs a package that is not installed.
        """
        address = self._entries.get(name, name if ":" in name else None)
        if address is None:
            raise UnknownPart(name=name, known=", ".join(self._entries), **self._kind)
        module, _, attribute = address.partition(":")
        try:
            return cast("T", getattr(importlib.import_module(module), attribute))
        except ModuleNotFoundError as error:
            install = self._install.get(name, f"pip install {error.name}")
            raise MissingDependency(what=name, install=install) from error
