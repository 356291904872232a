"""What can keep a splitter from being made; the package is a leaf and knows nothing of the server's errors."""


class UnknownSplitter(Exception):
    """There is no splitter of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f'there is no splitter "{name}"; known splitters: {", ".join(known)}')
        self.name = name
        self.known = known


class NotInstalled(Exception):
    """Something a splitter needs is not on this machine. `what` needs it, `install` is the command that brings it."""

    def __init__(self, what: str, missing: str, install: str) -> None:
        super().__init__(f"{what} needs {missing}, which is not installed. Install it: {install}")
        self.what = what
        self.install = install


class MissingPackage(NotInstalled, ModuleNotFoundError):
    """A Python package is missing; `name` is its name."""

    def __init__(self, what: str, package: str) -> None:
        super().__init__(what, f"the package {package}", f"pip install {package}")
        self.name = package


class MissingModel(NotInstalled):
    """The weights of a model, or the files of a tokenizer, are missing; nothing is downloaded on the way."""
