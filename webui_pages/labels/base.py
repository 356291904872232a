"""What the table of labels is made of."""

from server.errors import Language

LANGUAGES: dict[Language, str] = {"zh": "中文", "en": "English"}


class Table:
    """A part of the table, in the language of one reader."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language


class Label:
    """One text in both languages; read through a `Table` it is the text in that table's language."""

    def __init__(self, zh: str, en: str) -> None:
        self.texts: dict[Language, str] = {"zh": zh, "en": en}

    def __get__(self, table: Table, owner: type) -> str:
        return self.texts[table.language]
