"""How a file would be split, before it is in any knowledge base. Nothing of it stays."""

import tempfile
from pathlib import Path

from configs import Settings
from server.errors import UnsupportedFileType
from server.knowledge_base import content
from server.knowledge_base.ingest import never, silent
from server.knowledge_base.names import FileName, Layout
from server.knowledge_base.parsers import Parser
from server.knowledge_base.reading import Task, Text
from server.knowledge_base.recipe import IngestOptions, Recipe, kept_settings, resolve
from server.knowledge_base.temporary import Forget
from server.knowledge_base.uploads import Upload, readable


class Previewer:
    """Reads and splits files on trial. Every method may be called from any thread."""

    def __init__(self, settings: Settings, parser: Parser, forget: Forget) -> None:
        self._settings = settings
        self._parser = parser
        self._forget = forget

    def preview(self, upload: Upload, options: IngestOptions) -> tuple[Recipe, Text]:
        """The way it was read, with the service's settings for what the options leave open, and its pieces.

        Raises:
            BadName, UnsupportedFileType, FileTooLarge: it could not be uploaded either.
            UnknownPart, BadSetting: about the options.
            ZhiwenError: why it cannot be read.
        """
        recipe = resolve(options, kept_settings(options, {}, self._settings), self._settings)
        name = FileName.parse(upload.name)
        known = readable(self._settings)
        if name.suffix not in known:
            raise UnsupportedFileType(name=name.text, known=" ".join(known))
        with tempfile.TemporaryDirectory(prefix="zhiwen-") as folder:
            received = content.receive(
                Layout(Path(folder)), name, upload.stream, self._settings.knowledge_base.max_file_mb
            )
            task = Task(received.path, received.name, received.sha256, received.size, recipe)
            try:
                text = self._parser.parse(task, silent, never)
            finally:
                self._forget([received.sha256])
        if text.error is not None:
            raise text.error
        return recipe, text
