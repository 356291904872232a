"""`--add-folder`: a folder of the user's into a knowledge base, once or until somebody presses Ctrl-C."""

import time
from collections.abc import Iterator
from pathlib import Path

from server.errors import ZhiwenError
from server.knowledge_base.folders import Folder, FolderStep
from server.knowledge_base.names import KbName
from server.knowledge_base.recipe import IngestOptions
from server.upkeep.work import DONE, REFUSED, Work

WATCH_S = 3


def add_folder(work: Work) -> int:
    """Copy and index what is new; with `--watch` go on."""
    options, kbs = work.options, work.kbs
    root = Path(options.add_folder).expanduser().resolve()
    if not root.is_dir():
        work.console.refuse("no_folder", options.add_folder)
        return REFUSED
    if work.container.settings.paths.knowledge_base.resolve().is_relative_to(root):
        work.console.refuse("own_folder")
        return REFUSED
    name = KbName.parse(options.kb_name[0] if options.kb_name else root.name)
    present = next((kb.name for kb in kbs.list() if kb.name.casefold() == name.key), None)
    if present is None:
        present = kbs.create(name.text, embed_model=options.embed_model).name
    work.check_model(present)
    folder = Folder(kbs, present, root, ignore=options.ignore, mirror=options.mirror)
    code = work.one(present, lambda _: _told(work, folder.sync(IngestOptions(force=options.force))))
    if not options.watch:
        return code
    _watch(work, folder, root.name)
    return DONE


def _told(work: Work, steps: Iterator[FolderStep]) -> Iterator[FolderStep]:
    """The steps that are about files of the folder; what was deleted is told apart."""
    deleted = 0
    for step in steps:
        deleted += step.deleted
        if not step.deleted:
            yield step
    if deleted:
        work.console.say("deleted", deleted)


def _watch(work: Work, folder: Folder, title: str) -> None:
    work.console.say("watching", title)
    try:
        while True:
            time.sleep(WATCH_S)
            _look_again(work, folder)
    except KeyboardInterrupt:
        work.console.say("watched")


def _look_again(work: Work, folder: Folder) -> None:
    try:
        for step in folder.sync_changed(IngestOptions()):
            if step.error is not None:
                work.console.complain(step.error)
            elif not step.unchanged:
                work.console.say("dropped" if step.deleted else "took", step.file)
    except ZhiwenError as error:
        # Busy now, or the queue is full: the files are still there at the next look.
        work.console.complain(error)
