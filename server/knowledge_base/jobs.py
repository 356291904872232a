"""The queue of uploads: from bytes in `.incoming` to published, failed or cancelled, surviving a crash at any moment.

A job is a row in SQL from the moment its bytes are durable. In a serving process threads take jobs, parsers read them
side by side, and one thread embeds and publishes what is ready in batches; elsewhere (`init_database.py`, tests) the
caller's own thread does it. Jobs of one file never overlap, and a newer upload takes the place of one that still waits.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from configs import Settings
from server.db.session import SQLAlchemyError
from server.db.tables import JobRow, now
from server.errors import JobCancelled, JobOver, StorageFailed, ZhiwenError
from server.errors.unforeseen import unforeseen
from server.knowledge_base import content
from server.knowledge_base.content import Received
from server.knowledge_base.custom_documents import GivenDocuments
from server.knowledge_base.ingest import EMBED_BATCH, Parsed, parse
from server.knowledge_base.ingestor import Ingestor
from server.knowledge_base.job_book import ACTIVE, Documents, JobBook
from server.knowledge_base.job_progress import JobProgress
from server.knowledge_base.parsers import Parser, ParsingCancelled
from server.knowledge_base.recipe import Recipe

log = logging.getLogger(__name__)

PATIENCE_S = 0.5
END_AGAIN_AFTER_S = (0.5, 2.0, 5.0, 10.0)
READY_AHEAD = 64  # files that were read and wait for publishing

Read = tuple[JobRow, Parsed]


class JobQueue:
    """Does the jobs of one installation; only one process may have it started."""

    def __init__(self, settings: Settings, book: JobBook, parser: Parser, ingestor: Ingestor) -> None:
        self._settings = settings
        self._book = book
        self._parser = parser
        self._ingestor = ingestor
        self._changed = threading.Condition()
        self._pending: list[int] = []
        self._busy: dict[int, tuple[int, str]] = {}
        self._cancelled: set[int] = set()
        self._ready: queue.Queue[Read | None] = queue.Queue(READY_AHEAD)
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def ensure_room(self) -> None:
        """Refuse before a byte is read. Raises `QueueFull`."""
        self._book.ensure_room(self._settings.ingest.queue_limit)

    def submit(
        self,
        knowledge_base_id: int,
        received: Received,
        recipe: Recipe,
        attempts: int = 0,
        documents: Documents | None = None,
    ) -> int:
        """Queue a file that was received or lies in place; returns the job's id. Raises `QueueFull`."""
        self.ensure_room()
        job_id, replaced = self._book.add(knowledge_base_id, received, recipe, attempts, documents)
        for older in replaced:
            self._try_cancel(older)
        with self._changed:
            self._pending.append(job_id)
            self._changed.notify_all()
        return job_id

    @property
    def is_serving(self) -> bool:
        """Whether threads of this process do the work."""
        return bool(self._threads)

    def take_over(self) -> None:
        """Queue again what a crash interrupted."""
        waiting, overtaken = self._book.take_over()
        for job in overtaken:
            self._drop(job)
        with self._changed:
            self._pending = waiting

    def start(self) -> None:
        """Take over what a crash left, and begin to work."""
        self.take_over()
        work = [self._read_jobs] * self._settings.ingest.parsers
        self._threads = [threading.Thread(target=each, daemon=True) for each in (*work, self._publish_jobs)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop taking jobs; what is not published goes on after the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self.is_serving:
            self._ready.put(None)

    def run(self, ids: Sequence[int]) -> None:
        """Do these jobs in the caller's thread, several files being read at a time."""
        with self._changed:
            self._pending = [job_id for job_id in self._pending if job_id not in ids]
        with ThreadPoolExecutor(self._settings.ingest.parsers) as pool:
            for batch in _batches(read for read in pool.map(self._read, ids) if read is not None):
                self._publish(batch)

    def wait(self, ids: Sequence[int]) -> dict[int, ZhiwenError | None]:
        """Wait until these jobs are over; the error of each, None for success."""
        while (outcomes := self._book.outcomes(ids)) is None:
            with self._changed:
                self._changed.wait(PATIENCE_S)
        return outcomes

    def _read_jobs(self) -> None:
        while (job_id := self._claim()) is not None:
            try:
                read = self._read(job_id)
            except Exception as error:  # an edge: its knowledge base may be gone; the thread serves all others
                log.exception("reading job %d failed", job_id)
                self._end(job_id, "failed", unforeseen(error))
                continue
            if read is not None:
                self._ready.put(read)

    def _claim(self) -> int | None:
        """The next job whose file nobody works on; waits for one. None when stopping."""
        with self._changed:
            while not self._stopping:
                for job_id in list(self._pending):
                    job = self._book.row(job_id)
                    target = (job.knowledge_base_id, job.file) if job is not None else None
                    if target not in self._busy.values():
                        self._pending.remove(job_id)
                        if target is not None:
                            self._busy[job_id] = target
                            return job_id
                self._changed.wait()
        return None

    def _read(self, job_id: int) -> Read | None:
        """Read one file. None when the job is over, by now or already."""
        job = self._book.update(job_id, state="running", stage="parsing", started=now(), only="queued")
        if job is None:
            self._release(job_id)
            return None
        with self._changed:
            self._busy[job_id] = (job.knowledge_base_id, job.file)
        layout, _ = self._ingestor.place(job.knowledge_base_id)
        received, recipe = self._received(job), Recipe(**job.recipe)
        # A crash after the switch: the bytes are in their place, only the job does not know.
        custom = job.documents is not None
        made_of = (job.sha256, recipe)
        if not received.path.exists() and self._ingestor.has(job.knowledge_base_id, job.file, *made_of, custom=custom):
            self._end(job_id, "done")
            return None
        progress = JobProgress(self._book, job_id)
        parser = self._parser if job.documents is None else GivenDocuments(job.documents)
        try:
            parsed = parse(parser, layout, received, recipe, progress.report, lambda: job_id in self._cancelled)
        except ParsingCancelled:
            self._drop(job)
            return None
        text = parsed.text
        empty = f", without text: {', '.join(map(str, text.pages.empty))}" if text.pages.empty else ""
        self._book.note(job_id, f"{text.loader or '-'}: {text.pages.found} pages{empty}; {len(parsed.pieces)} chunks")
        return job, parsed

    def _publish_jobs(self) -> None:
        while (first := self._ready.get()) is not None:
            batch = [first]
            while not self._ready.empty() and sum(len(parsed.pieces) for _, parsed in batch) < EMBED_BATCH:
                following = self._ready.get()
                if following is None:
                    return
                batch.append(following)
            try:
                self._publish(batch)
            except Exception as error:  # an edge, as above
                log.exception("publishing %d files failed", len(batch))
                for job, _ in batch:
                    self._end(job.id, "failed", unforeseen(error))

    def _publish(self, batch: Sequence[Read]) -> None:
        """Embed and publish files that were read, a knowledge base at a time."""
        for knowledge_base_id in dict.fromkeys(job.knowledge_base_id for job, _ in batch):
            mine = [(job, parsed) for job, parsed in batch if job.knowledge_base_id == knowledge_base_id]
            kept = [(job, parsed) for job, parsed in mine if self._is_still_wanted(job)]
            outcomes = self._ingest(knowledge_base_id, [parsed for _, parsed in kept])
            for (job, parsed), error in zip(kept, outcomes, strict=True):
                self._end(job.id, "failed" if error else "done", error, 0 if error else len(parsed.pieces))

    def _ingest(self, knowledge_base_id: int, batch: Sequence[Parsed]) -> list[ZhiwenError | None]:
        try:
            return self._ingestor.publish(knowledge_base_id, batch)
        except ZhiwenError as error:
            return [error] * len(batch)
        except OSError as error:
            return [StorageFailed(reason=error.strerror or type(error).__name__)] * len(batch)
        except Exception as error:  # an edge: a fault of ours ends these jobs, not the thread that serves all others
            log.exception("publishing %d files failed", len(batch))
            return [unforeseen(error)] * len(batch)

    def _is_still_wanted(self, job: JobRow) -> bool:
        """Whether to publish; from here on it is too late to cancel."""
        with self._changed:
            # Another process may have cancelled it in SQL.
            if job.id not in self._cancelled and self._book.update(job.id, only="running", stage="embedding"):
                return True
        self._drop(job)
        return False

    def cancel(self, job_id: int) -> None:
        """Cancel a job that waits or is being read. Raises `JobNotFound`, `JobOver`."""
        state = self._book.known(job_id).state
        if not self._try_cancel(job_id):
            raise JobOver(id=job_id, state=state)

    def cancel_for_files(self, knowledge_base_id: int, files: Sequence[str]) -> None:
        """Cancel whatever still waits or is being read of these files."""
        for job_id in self._book.active_of(knowledge_base_id, files):
            self._try_cancel(job_id)

    def _try_cancel(self, job_id: int) -> bool:
        with self._changed:
            job = self._book.row(job_id)
            if job is None or job.state not in ACTIVE or job.stage == "embedding":
                return False
            if job_id in self._busy:
                self._cancelled.add(job_id)
                return True
            if job_id in self._pending:
                self._pending.remove(job_id)
        self._drop(job)
        return True

    def retry(self, job_id: int) -> int:
        """Read a failed file again; returns the new job's id. Raises `JobNotFound`, `JobOver`, `QueueFull`."""
        job = self._book.known(job_id)
        received = self._received(job)
        if not received.path.is_file():
            # What could not be read was put into the content folder, with the reason.
            received = content.in_place(self._ingestor.place(job.knowledge_base_id)[0], job.file)
        if job.state != "failed" or not received.path.is_file():
            raise JobOver(id=job_id, state=job.state)
        return self.submit(job.knowledge_base_id, received, Recipe(**job.recipe), job.attempts + 1, job.documents)

    def _received(self, job: JobRow) -> Received:
        layout, _ = self._ingestor.place(job.knowledge_base_id)
        if not job.incoming:
            return content.in_place(layout, job.file)
        return Received(job.file, layout.incoming / job.incoming, job.sha256, job.size)

    def _drop(self, job: JobRow) -> None:
        content.discard(self._received(job))
        self._end(job.id, "cancelled", JobCancelled(name=job.file))

    def _end(self, job_id: int, state: str, error: ZhiwenError | None = None, chunks: int = 0) -> None:
        for pause in END_AGAIN_AFTER_S:
            try:
                self._book.end(job_id, state, error, chunks)
                break
            except SQLAlchemyError:
                # A full disk: the thread must live on, and the job is taken up again with the next start at the latest.
                log.exception("the end of job %d could not be written", job_id)
                time.sleep(pause)
        self._release(job_id)

    def _release(self, job_id: int) -> None:
        with self._changed:
            self._busy.pop(job_id, None)
            self._cancelled.discard(job_id)
            self._changed.notify_all()


def _batches(read: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for each in read:
        batch.append(each)
        if sum(len(parsed.pieces) for _, parsed in batch) >= EMBED_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
