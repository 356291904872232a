"""Summaries of files and knowledge bases: asked for, made in the background one after the other, kept in SQL.

A summary is a row from the moment it is asked for, so it survives the client that leaves and the service that stops:
what was not finished is begun again at the next start. A file that changes makes its summary stale; it is shown as such
until a new one is asked for. A deleted file takes its summary along.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.chat.summarizer import Summarizer, Summary, Wanted
from server.db import repositories as rows
from server.db import summaries as table
from server.db.session import Database, Session
from server.db.summary_tables import SummaryRow
from server.db.tables import FileRow, KnowledgeBaseRow, now
from server.errors import FileNotFound, NothingToSummarize, SummaryNotFound, ZhiwenError, by_code
from server.knowledge_base.lookup import named
from server.knowledge_base.names import FileName

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
RESUME_AFTER_S = 30.0
"""After a start the models need some time until they answer."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SummaryInfo:
    """A summary; `file` is empty for that of the knowledge base. `stale`: what it was made of has changed since."""

    id: int
    knowledge_base: str
    file: str
    state: str
    done: int
    total: int
    text: str
    parts: tuple[str, ...]
    model: str
    extractive: bool
    description: str
    stale: bool
    created: datetime
    finished: datetime | None
    error: ZhiwenError | None


class Summaries:
    """All summaries of one installation. Coroutines belong to one event loop, which does the work."""

    def __init__(self, database: Database, summarizer: Summarizer) -> None:
        self._database = database
        self._summarizer = summarizer
        self._turn = asyncio.Lock()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(
        self, name: str, files: Sequence[str] | None, wanted: Wanted, *, whole: bool = False
    ) -> Sequence[int]:
        """Ask for summaries of these files, or of all; with `whole` of the knowledge base, made of them, as well.

        Returns their ids in the order they are made. One that is being made already is not begun twice.

        Raises:
            KnowledgeBaseNotFound, FileNotFound, BadName: there is no such thing.
            NothingToSummarize: nothing in it can be summarised.
        """
        ids = await asyncio.to_thread(self._queue, name, files, wanted, whole)
        for summary_id in ids:
            self._begin(summary_id)
        return ids

    async def wait(self, summary_id: int) -> SummaryInfo | None:
        """The summary once it is over, None when it was deleted. Whoever stops waiting does not stop the work."""
        task = self._tasks.get(summary_id)
        if task is not None:
            await asyncio.wait({task})
        return await self.look(summary_id)

    async def look(self, summary_id: int) -> SummaryInfo | None:
        """The summary as it is now, None when it was deleted."""
        return await asyncio.to_thread(self._find, summary_id)

    async def summarize_chunks(self, name: str, ids: Sequence[int], wanted: Wanted) -> tuple[Summary, list[int]]:
        """A summary of single chunks, which is not kept, and the ids that were found.

        Raises:
            KnowledgeBaseNotFound: there is none of that name.
            NothingToSummarize: none of the ids is a chunk of it.
            ZhiwenError: what the model raises.
        """
        found = await asyncio.to_thread(self._texts, name, ids)
        if not found:
            raise NothingToSummarize(name=name)
        summary = await self._summarizer.summarize(name, list(found.values()), wanted, _untold)
        return summary, list(found)

    def list(self, name: str) -> list[SummaryInfo]:
        """The summaries of a knowledge base: its own first, then by file. Raises `KnowledgeBaseNotFound`."""
        kb = named(self._database, name)
        with self._database.read() as session:
            whole = table.digest(table.searchable_files(session, kb.id))
            return [_info(kb, row, file, whole) for row, file in table.summaries(session, kb.id)]

    def get(self, name: str, file: str = "") -> SummaryInfo:
        """The summary of a file, or of the knowledge base. Raises `SummaryNotFound`, `KnowledgeBaseNotFound`."""
        found = next((info for info in self.list(name) if info.file == file), None)
        if found is None:
            raise SummaryNotFound(name=file or name, knowledge_base=name)
        return found

    def delete(self, name: str, file: str = "") -> None:
        """Forget a summary; one in the making comes to nothing. Raises as `get`."""
        found = self.get(name, file)
        with self._database.unit_of_work() as session:
            table.delete_summary(session, found.id)

    async def cancel(self, name: str, files: Sequence[str] | None = None) -> Sequence[str]:
        """Call off what waits or is being made, all of it or that of these files, "" being the knowledge base itself.

        The model stops at once, and the text of before stays. Returns the files. Raises `KnowledgeBaseNotFound`.
        """
        found = await asyncio.to_thread(self.list, name)
        active = {info.id: info.file for info in found if info.state in table.ACTIVE}
        wanted = {key: file for key, file in active.items() if files is None or file in files}
        tasks = [task for key in wanted if (task := self._tasks.get(key))]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await asyncio.to_thread(self._call_off, list(wanted))
        return list(wanted.values())

    def _call_off(self, ids: Sequence[int]) -> None:
        with self._database.unit_of_work() as session:
            for summary_id in ids:
                found = table.get_summary(session, summary_id)
                if found is None or found[0].state not in table.ACTIVE:
                    continue
                if found[0].text:
                    table.change_summary(session, summary_id, {"state": DONE})
                else:
                    table.delete_summary(session, summary_id)

    def resume(self) -> None:
        """Begin again, a while from now, what was not finished when the service stopped."""
        task = asyncio.ensure_future(self._resume())
        self._tasks[0] = task
        task.add_done_callback(lambda _: self._tasks.pop(0, None))

    async def aclose(self) -> None:
        """Stop; what is not finished goes on after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _resume(self) -> None:
        await asyncio.sleep(RESUME_AFTER_S)
        for summary_id in await asyncio.to_thread(self._interrupted):
            self._begin(summary_id)

    def _interrupted(self) -> Sequence[int]:
        with self._database.read() as session:
            return table.active_summaries(session)

    def _queue(self, name: str, files: Sequence[str] | None, wanted: Wanted, whole: bool) -> Sequence[int]:
        kb = named(self._database, name)
        with self._database.unit_of_work() as session:
            targets: list[FileRow | None] = [*self._targets(session, kb, files)]
            if not targets:
                raise NothingToSummarize(name=name)
            if whole:
                targets.append(None)
            return [self._queue_one(session, kb.id, file.id if file else None, wanted) for file in targets]

    def _targets(self, session: Session, kb: KnowledgeBaseRow, files: Sequence[str] | None) -> Sequence[FileRow]:
        searchable = table.searchable_files(session, kb.id)
        if files is None:
            return searchable
        by_name = {file.name: file for file in searchable}
        found: dict[str, FileRow] = {}
        for asked in files:
            file = FileName.parse(asked).text
            if file not in by_name:
                if rows.find_file(session, kb.id, file) is None:
                    raise FileNotFound(name=file, knowledge_base=kb.name)
                raise NothingToSummarize(name=file)
            found[file] = by_name[file]
        return list(found.values())

    def _queue_one(self, session: Session, knowledge_base_id: int, file_id: int | None, wanted: Wanted) -> int:
        there = table.find_summary(session, knowledge_base_id, file_id)
        if there is not None and there.id in self._tasks:
            return there.id
        values = {
            "model": wanted.model,
            "temperature": wanted.temperature,
            "max_tokens": wanted.max_tokens,
            "description": wanted.description,
        }
        return table.queue_summary(session, knowledge_base_id, file_id, values).id

    def _texts(self, name: str, ids: Sequence[int]) -> dict[int, str]:
        kb = named(self._database, name)
        with self._database.read() as session:
            return table.texts_of(session, kb.id, dict.fromkeys(ids))

    def _find(self, summary_id: int) -> SummaryInfo | None:
        with self._database.read() as session:
            found = table.get_summary(session, summary_id)
            kb = rows.get_knowledge_base(session, found[0].knowledge_base_id) if found else None
            if found is None or kb is None:
                return None
            return _info(kb, *found, table.digest(table.searchable_files(session, kb.id)))

    def _begin(self, summary_id: int) -> None:
        if summary_id not in self._tasks:
            task = asyncio.ensure_future(self._make(summary_id))
            self._tasks[summary_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(summary_id, None))

    async def _make(self, summary_id: int) -> None:
        async with self._turn:
            try:
                await self._summarize(summary_id)
            except Exception as error:  # the job runner's edge: the reason is kept with the summary
                known = error if isinstance(error, ZhiwenError) else ZhiwenError()
                log.warning("summary %s failed: %s", summary_id, known, exc_info=None if known is error else error)
                await self._save(
                    summary_id, state=FAILED, error_code=known.code, error_detail=known.detail, finished=now()
                )

    async def _summarize(self, summary_id: int) -> None:
        source = await asyncio.to_thread(self._source, summary_id)
        if source is None:
            return
        title, texts, sha256, wanted = source

        async def progress(done: int, total: int) -> None:
            await self._save(summary_id, done=done, total=total)

        made = await self._summarizer.summarize(title, texts, wanted, progress)
        await self._save(
            summary_id,
            state=DONE,
            text=made.text,
            parts=list(made.parts),
            model=made.model,
            extractive=made.extractive,
            sha256=sha256,
            finished=now(),
        )

    def _source(self, summary_id: int) -> tuple[str, Sequence[str], str, Wanted] | None:
        """Title, texts, hash and wishes of a summary that is begun now; None when it was deleted or called off."""
        with self._database.unit_of_work() as session:
            found = table.get_summary(session, summary_id)
            if found is None or found[0].state not in table.ACTIVE:
                return None
            row, file = found
            table.change_summary(session, row.id, {"state": RUNNING})
            wanted = Wanted(row.model, row.temperature, row.max_tokens, row.description)
            if file is not None:
                return file.name, table.chunk_texts(session, file), file.sha256, wanted
            kb = rows.get_knowledge_base(session, row.knowledge_base_id)
            made = [(each, of) for each, of in table.summaries(session, row.knowledge_base_id) if of and each.text]
            texts = [f"{of.name}\n{each.text}" for each, of in made if of is not None]
            sha256 = table.digest(table.searchable_files(session, row.knowledge_base_id))
            return kb.name if kb else "", texts, sha256, wanted

    async def _save(self, summary_id: int, **values: object) -> None:
        def save() -> None:
            with self._database.unit_of_work() as session:
                table.change_summary(session, summary_id, values)

        await asyncio.to_thread(save)


async def _untold(done: int, total: int) -> None:
    """Nobody watches."""
    del done, total


def _info(kb: KnowledgeBaseRow, row: SummaryRow, file: FileRow | None, whole: str) -> SummaryInfo:
    error = by_code(row.error_code, row.error_detail) if row.error_code else None
    return SummaryInfo(
        id=row.id,
        knowledge_base=kb.name,
        file=file.name if file else "",
        state=row.state,
        done=row.done,
        total=row.total,
        text=row.text,
        parts=tuple(row.parts),
        model=row.model,
        extractive=row.extractive,
        description=row.description,
        stale=bool(row.sha256) and row.sha256 != (file.sha256 if file else whole),
        created=row.created,
        finished=row.finished,
        error=error,
    )
