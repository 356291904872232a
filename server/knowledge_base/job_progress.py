"""How far the reading of a job has come, written down not more often than people look."""

import time

from server.knowledge_base.job_book import JobBook

SAVE_EVERY_S = 1.0


class JobProgress:
    """Takes what the reader of one job reports."""

    def __init__(self, book: JobBook, job_id: int) -> None:
        self._book = book
        self._id = job_id
        self._saved = time.monotonic()

    def report(self, stage: str, page: int, pages: int) -> None:
        """See `reading.Report`."""
        if time.monotonic() - self._saved >= SAVE_EVERY_S:
            self._saved = time.monotonic()
            self._book.update(self._id, stage=stage, page=page, pages=pages)
