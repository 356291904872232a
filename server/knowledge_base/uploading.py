"""Files on their way into a knowledge base: uploads, files on disk to be read (again), custom documents, retries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import FileRow, KnowledgeBaseRow
from server.errors import (
    BadName,
    FileExists,
    FileNotFound,
    JobCancelled,
    KnowledgeBaseNotFound,
    UnsupportedFileType,
    ZhiwenError,
)
from server.knowledge_base import content
from server.knowledge_base.custom_documents import KeepingDocuments
from server.knowledge_base.ingest import parse_batches
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import Documents, JobBook
from server.knowledge_base.jobs import JobQueue
from server.knowledge_base.lookup import named
from server.knowledge_base.names import FileName, Layout, spelled
from server.knowledge_base.parsers import Parser
from server.knowledge_base.recipe import IngestOptions, Recipe, check_splitter, resolve
from server.knowledge_base.uploads import Upload, accepted, opened, readable

Results = dict[str, ZhiwenError | None]
DEFAULTS = IngestOptions()
_TWICE = {"reason_en": "another file of this upload has it", "reason_zh": "本次上传中有另一个同名文件"}


@dataclass(frozen=True)
class Submitted:
    """What became of uploads: jobs by id with the file's name, files that are as before, and refused ones."""

    jobs: dict[int, str] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, ZhiwenError] = field(default_factory=dict)


class Uploader:
    """Takes files in. Every method may be called from any thread."""

    def __init__(
        self, settings: Settings, database: Database, ingestor: Ingestor, book: JobBook, parser: Parser
    ) -> None:
        self._settings = settings
        self._database = database
        self._ingestor = ingestor
        self._book = book
        self._parser = parser
        self.jobs = JobQueue(settings, book, parser, ingestor)

    def finish(self, submitted: Submitted) -> Results:
        """Wait until the jobs are over; the error of each file that failed."""
        if not self.jobs.is_serving:
            self.jobs.run(list(submitted.jobs))
        outcomes = self.jobs.wait(list(submitted.jobs))
        results: Results = dict.fromkeys(submitted.unchanged)
        for job_id, file in submitted.jobs.items():
            error = outcomes[job_id]
            # Of a job that is gone with its knowledge base only we know the file.
            results[file] = JobCancelled(name=file) if isinstance(error, JobCancelled) else error
        return {**results, **submitted.refused}

    def submit(
        self,
        name: str,
        uploads: Iterable[Upload],
        options: IngestOptions,
        documents: Mapping[str, Documents] | None = None,
    ) -> Submitted:
        """Store files and queue the work on them; returns at once.

        An archive becomes its members. The same bytes, to be read in the same way as before, are not read again.
        `documents` take the place of the text of files that are uploaded, or are there.

        Raises:
            UnknownPart: no splitter of that name; nothing was read.
            QueueFull: before anything of the first file was read; later files are refused one by one.
        """
        kb, recipe = self._begin(name, options)
        given = {spelled(file_name): found for file_name, found in (documents or {}).items()}
        submitted = Submitted()
        for upload in uploads:
            for each in opened(upload, self._settings, submitted.refused):
                try:
                    self._submit(kb, each, options, recipe, submitted, given.pop(spelled(each.name), None))
                except ZhiwenError as error:
                    submitted.refused[each.name] = error
        self._submit_present(kb, list(given), recipe, given, submitted)
        return submitted

    def update(
        self,
        name: str,
        file_names: Sequence[str],
        options: IngestOptions,
        documents: Mapping[str, Documents],
        *,
        override_custom: bool,
    ) -> Submitted:
        """Queue files that are there to be read again; those with custom documents only with `override_custom`.

        Raises what `submit` raises.
        """
        kb, recipe = self._begin(name, options)
        submitted = Submitted()
        wanted = []
        given = {spelled(file_name): found for file_name, found in documents.items()}
        for file_name in {spelled(each): each for each in (*documents, *file_names)}.values():
            file = self._find(kb, spelled(file_name))
            if file is not None and file.custom_docs and not override_custom and spelled(file_name) not in given:
                submitted.unchanged.append(file.name)
            else:
                wanted.append(file_name)
        self._submit_present(kb, wanted, recipe, given, submitted)
        return submitted

    def _begin(self, name: str, options: IngestOptions) -> tuple[KnowledgeBaseRow, Recipe]:
        kb = named(self._database, name)
        self.jobs.ensure_room()
        recipe = resolve(options, kb.settings, self._settings)
        check_splitter(recipe.splitter, self._settings)
        return kb, recipe

    def _submit(
        self,
        kb: KnowledgeBaseRow,
        upload: Upload,
        options: IngestOptions,
        recipe: Recipe,
        submitted: Submitted,
        documents: Documents | None,
    ) -> None:
        name = self._accept(kb, upload.name, options)
        if name.text in submitted.jobs.values() or name.text in submitted.unchanged:
            # The second one would silently take the place of the first.
            raise BadName(name=name.text, **_TWICE)
        try:
            received = content.receive(self._layout(kb), name, upload.stream, self._settings.knowledge_base.max_file_mb)
        except FileNotFoundError:
            # Only a deletion of the knowledge base takes its folder away while the bytes come in.
            raise KnowledgeBaseNotFound(name=kb.name) from None
        as_before = documents is None and self._ingestor.has(kb.id, received.name, received.sha256, recipe)
        if as_before and not options.force:
            content.discard(received)
            submitted.unchanged.append(received.name)
            return
        try:
            submitted.jobs[self._queue(kb, received, recipe, documents=documents)] = received.name
        except BaseException:
            content.discard(received)
            raise

    def _queue(
        self,
        kb: KnowledgeBaseRow,
        received: content.Received,
        recipe: Recipe,
        attempts: int = 0,
        documents: Documents | None = None,
    ) -> int:
        try:
            return self.jobs.submit(kb.id, received, recipe, attempts, documents)
        except KnowledgeBaseNotFound:
            raise KnowledgeBaseNotFound(name=kb.name) from None  # by the name that people know

    def _accept(self, kb: KnowledgeBaseRow, name: str, options: IngestOptions) -> FileName:
        parsed = FileName.parse(name)
        if parsed.suffix not in readable(self._settings):
            raise UnsupportedFileType(name=parsed.text, known=" ".join(accepted(self._settings)))
        file = self._find(kb, parsed.text)
        if file is not None and file.state == "ready" and not options.replace:
            raise FileExists(name=parsed.text, knowledge_base=kb.name)
        return parsed

    def _submit_present(
        self,
        kb: KnowledgeBaseRow,
        names: Sequence[str],
        recipe: Recipe,
        documents: Mapping[str, Documents],
        submitted: Submitted,
    ) -> None:
        """Queue files of the content folder."""
        for name in names:
            try:
                received = content.in_place(self._layout(kb), FileName.parse(name).text)
                if not received.path.is_file():
                    raise FileNotFound(name=name, knowledge_base=kb.name)
                if FileName.parse(name).suffix not in readable(self._settings):
                    raise UnsupportedFileType(name=name, known=" ".join(accepted(self._settings)))
                job_id = self._queue(kb, received, recipe, documents=documents.get(spelled(name)))
                submitted.jobs[job_id] = received.name
            except ZhiwenError as error:
                submitted.refused[name] = error

    def retry_failed(self, name: str, failed: Sequence[str]) -> Submitted:
        """Queue files again, read in the way their knowledge base has now; returns at once.

        Raises:
            QueueFull: before the first file was queued; later files are refused one by one.
        """
        kb, recipe = self._begin(name, DEFAULTS)
        jobs = {job.file: job for job in reversed(self._book.info(kb.id, ["failed"]))}
        submitted = Submitted()
        for file in failed:
            received = content.in_place(self._layout(kb), file)
            try:
                if not received.path.is_file():
                    raise FileNotFound(name=file, knowledge_base=kb.name)
                attempts = jobs[file].attempts if file in jobs else 0
                submitted.jobs[self._queue(kb, received, recipe, attempts + 1)] = file
            except ZhiwenError as error:
                submitted.refused[file] = error
        return submitted

    def has(self, name: str, file_name: str, sha256: str, options: IngestOptions) -> bool:
        """Whether a file is searchable already, made of these bytes in the way the options ask for."""
        kb = named(self._database, name)
        recipe = resolve(options, kb.settings, self._settings)
        return self._ingestor.has(kb.id, FileName.parse(file_name).text, sha256, recipe)

    def index(
        self, name: str, file_names: Sequence[str], options: IngestOptions
    ) -> Iterator[tuple[str, ZhiwenError | None]]:
        """Read and index files that lie in the content folder; yields each one's name and error when it is done."""
        kb = named(self._database, name)
        layout = self._layout(kb)
        recipe = resolve(options, kb.settings, self._settings)
        with self._database.read() as session:
            custom = {file.name for file in rows.files(session, kb.id) if file.custom_docs}
        parser = KeepingDocuments(self._parser, custom)
        found = (content.in_place(layout, file) for file in file_names)
        for batch in parse_batches(parser, layout, found, recipe, self._settings.ingest.parsers):
            errors = self._ingestor.publish(kb.id, batch)
            yield from zip((parsed.received.name for parsed in batch), errors, strict=True)

    def _find(self, kb: KnowledgeBaseRow, name: str) -> FileRow | None:
        with self._database.read() as session:
            return rows.find_file(session, kb.id, name)

    def _layout(self, kb: KnowledgeBaseRow) -> Layout:
        return Layout.of(self._settings.paths.knowledge_base, kb.name)
