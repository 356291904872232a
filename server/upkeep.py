"""What `init_database.py` does: tables, and rebuilding or completing the indexes from the files on disk.

The flags are those of 0.2.10. Where its flags meant every folder under the root, ours do too; a name that is neither a
folder nor a knowledge base is an error instead of a new knowledge base.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from configs.settings import Settings, SettingsError, load_settings
from server.container import Container, build_container
from server.errors import IndexMismatch, KnowledgeBaseNotFound, Language, ZhiwenError
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases
from server.launcher.labels import console_language

FAILED = 1
REFUSED = 2
SAMPLES = "知问的示例文档 · Sample documents about Zhiwen and an invented company"

_TEXTS = {
    "tables_created": ("The tables are there.", "数据表已就绪。"),
    "tables_cleared": ("All tables and indexes were emptied.", "所有数据表和索引已清空。"),
    "nothing": ("Nothing to do: there is no knowledge base.", "没有可处理的知识库。"),
    "present": ('The knowledge base "{0}" is there.', "知识库“{0}”已存在。"),
    "working": ("Knowledge base {0}", "知识库 {0}"),
    "reading": ("reading …", "正在读取……"),
    "summary": (
        "{0} files, {1} chunks, {2} failed, {3:.1f} s, embedding model {4}",
        "{0} 个文件，{1} 个分块，{2} 个失败，用时 {3:.1f} 秒，向量模型 {4}",
    ),
    "repaired": ('Left-overs of an interrupted run in "{0}" were removed.', "已清理知识库“{0}”中断后的残留。"),
}


@dataclass
class Report:
    """What happened to the files of one knowledge base."""

    done: int = 0
    failed: list[ZhiwenError] = field(default_factory=list)


class Console:
    """Progress and results on the terminal, in the language of the system."""

    def __init__(self) -> None:
        self.language: Language = console_language()

    def text(self, key: str, *values: object) -> str:
        """The words for a key."""
        return _TEXTS[key][1 if self.language == "zh" else 0].format(*values)

    def say(self, key: str, *values: object) -> None:
        """One line."""
        sys.stdout.write(self.text(key, *values) + "\n")
        sys.stdout.flush()

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str, int, int], None]]:
        """A bar that is told (file, finished, total); plain output when this is no terminal."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, disable=not sys.stdout.isatty()) as bar:
            task = bar.add_task(self.text("reading"), total=None)
            yield lambda name, finished, total: bar.update(
                task, description=name[-40:], completed=finished, total=total
            )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python init_database.py",
        description="Make the tables, and build the indexes of the knowledge bases from the files on disk.",
    )
    tables = made.add_argument_group("tables (may be combined with one of the actions below)")
    tables.add_argument("--create-tables", action="store_true", help="create missing tables")
    tables.add_argument(
        "--clear-tables", action="store_true", help="drop all tables and indexes, make empty ones; files stay"
    )
    actions = made.add_argument_group("actions").add_mutually_exclusive_group()
    actions.add_argument(
        "-r", "--recreate-vs", action="store_true", help="build the indexes anew from the files on disk"
    )
    actions.add_argument(
        "-u", "--update-in-db", action="store_true", help="read the files that are listed in SQL again"
    )
    actions.add_argument("-i", "--increment", action="store_true", help="add files that lie on disk and are not in SQL")
    actions.add_argument("--if-missing", action="store_true", help="build the default knowledge base if there is none")
    which = made.add_argument_group("which")
    which.add_argument("-n", "--kb-name", nargs="+", default=[], metavar="NAME", help="only these knowledge bases")
    which.add_argument("-e", "--embed-model", default="", metavar="MODEL", help="embedding model of new indexes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Do what the command line asks. Errors become one message, never a traceback."""
    console = Console()
    made = parser()
    options = made.parse_args(arguments)
    if not any(value for name, value in vars(options).items() if name not in ("kb_name", "embed_model")):
        made.print_help()
        return 0
    try:
        return _act(load_settings(), options, console)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
    except ZhiwenError as error:
        sys.stderr.write(f"{error.message(console.language)}\n")
    return REFUSED


def _act(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    container = build_container(settings)
    try:
        kbs = container.knowledge_bases
        if options.clear_tables:
            kbs.forget_all()
            console.say("tables_cleared")
        elif options.create_tables:
            console.say("tables_created")
        for name, repairs in kbs.reconcile().items():
            if repairs:
                console.say("repaired", name)
        return _act_on_files(container, options, console)
    finally:
        container.close()


def _act_on_files(container: Container, options: argparse.Namespace, console: Console) -> int:
    kbs = container.knowledge_bases
    if options.if_missing:
        return _if_missing(container, console)
    if not (options.recreate_vs or options.update_in_db or options.increment):
        return 0
    listed = [kb.name for kb in kbs.list()]
    names = options.kb_name or sorted({*listed, *kbs.folders()})
    if unknown := [name for name in names if name not in kbs.folders() and name not in listed]:
        raise KnowledgeBaseNotFound(name=", ".join(unknown))
    if not names:
        console.say("nothing")
    work = _recreate if options.recreate_vs else _update if options.update_in_db else _increment
    return max([_one(kbs, name, options.embed_model, work, console) for name in names], default=0)


def _if_missing(container: Container, console: Console) -> int:
    kbs, name = container.knowledge_bases, container.settings.knowledge_base.default
    if name not in kbs.folders():
        console.say("nothing")
        return 0
    present = next((kb for kb in kbs.list() if kb.name == name), None)
    # Without files it was left by a first run that did not get far.
    if present is not None and (present.files or not kbs.content_names(name)):
        console.say("present", name)
        return 0
    if present is None and name == "samples":
        kbs.create(name, info=SAMPLES)
    return _one(kbs, name, "", _recreate, console)


Work = Callable[[KnowledgeBases, str, str, Report, Callable[[str, int, int], None]], None]


def _one(kbs: KnowledgeBases, name: str, embed_model: str, work: Work, console: Console) -> int:
    """Work on one knowledge base and say how it went; returns the exit code."""
    began, report = time.monotonic(), Report()
    console.say("working", name)
    with console.progress(name) as progress:
        work(kbs, name, embed_model, report, progress)
    for error in report.failed:
        sys.stderr.write(f"  {error.message(console.language)}\n")
    info = kbs.get(name)
    elapsed = time.monotonic() - began
    console.say("summary", report.done, info.chunks, len(report.failed), elapsed, info.embed_model)
    return FAILED if report.failed else 0


def _recreate(
    kbs: KnowledgeBases, name: str, embed_model: str, report: Report, progress: Callable[[str, int, int], None]
) -> None:
    for step in kbs.rebuild(name, IngestOptions(), create=True, embed_model=embed_model):
        _count(report, step.error)
        progress(step.file, step.finished, step.total)


def _update(
    kbs: KnowledgeBases, name: str, embed_model: str, report: Report, progress: Callable[[str, int, int], None]
) -> None:
    _check_model(kbs, name, embed_model)
    _index(kbs, name, [file.name for file in kbs.files(name)], report, progress)


def _increment(
    kbs: KnowledgeBases, name: str, embed_model: str, report: Report, progress: Callable[[str, int, int], None]
) -> None:
    if name not in (kb.name for kb in kbs.list()):
        kbs.create(name, embed_model=embed_model)
    _check_model(kbs, name, embed_model)
    listed = {file.name for file in kbs.files(name)}
    _index(kbs, name, [file for file in kbs.content_names(name) if file not in listed], report, progress)


def _check_model(kbs: KnowledgeBases, name: str, embed_model: str) -> None:
    built = kbs.get(name).embed_model
    if embed_model and embed_model != built:
        raise IndexMismatch(name=name, built=built, wanted=embed_model)


def _index(
    kbs: KnowledgeBases, name: str, files: Sequence[str], report: Report, progress: Callable[[str, int, int], None]
) -> None:
    for finished, (file, error) in enumerate(kbs.index_files(name, files, IngestOptions(replace=True)), 1):
        _count(report, error)
        progress(file, finished, len(files))


def _count(report: Report, error: ZhiwenError | None) -> None:
    report.done += 1
    if error is not None:
        report.failed.append(error)
