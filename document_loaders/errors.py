"""What can go wrong while a file is read; the texts are made to stand in the sentence "cannot be read: ...".

The package is a leaf and knows nothing of the server's errors: the ingest code translates these.
"""


class DocumentUnreadable(Exception):
    """The file cannot be read. The reasons hold no path and no file name."""

    def __init__(self, reason_en: str, reason_zh: str) -> None:
        super().__init__(reason_en)
        self.reason_en = reason_en
        self.reason_zh = reason_zh


def protected() -> DocumentUnreadable:
    """The reason for what a password protects."""
    return DocumentUnreadable(
        "it is protected by a password, which has to be removed first", "文件受密码保护，请先去除密码"
    )


class UnsupportedType(Exception):
    """No loader reads files with this suffix."""

    def __init__(self, suffix: str, known: list[str]) -> None:
        super().__init__(f'files of type "{suffix}" cannot be read; readable types: {", ".join(known)}')
        self.suffix = suffix
        self.known = known


class UnknownLoader(Exception):
    """There is no loader of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f'there is no loader "{name}"; known loaders: {", ".join(known)}')
        self.name = name
        self.known = known
