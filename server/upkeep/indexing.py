"""Files on disk into the indexes: anew, again, or only what is missing."""

from collections.abc import Iterator, Sequence

from server.knowledge_base.rebuild import RebuildStep
from server.knowledge_base.recipe import IngestOptions
from server.upkeep.work import DONE, Work

SAMPLES = "知问的示例文档 · Sample documents about Zhiwen and an invented company"


def recreate(work: Work) -> int:
    """`-r`: build the indexes anew."""
    return work.each(work.with_folders(), lambda name: _recreate(work, name))


def update(work: Work) -> int:
    """`-u`: read the files that SQL lists again."""
    return work.each(work.with_folders(), lambda name: _update(work, name))


def increment(work: Work) -> int:
    """`-i`: add the files that SQL does not list."""
    return work.each(work.with_folders(), lambda name: _increment(work, name))


def if_missing(work: Work) -> int:
    """`--if-missing`: build the default knowledge base on the first run."""
    kbs, name = work.kbs, work.container.settings.knowledge_base.default
    if name not in kbs.folders():
        work.console.say("nothing")
        return DONE
    present = next((kb for kb in kbs.list() if kb.name == name), None)
    # Without files it was left by a first run that did not get far.
    if present is not None and (present.files or not kbs.content_names(name)):
        work.console.say("present", name)
        return DONE
    if present is None and name == "samples":
        kbs.create(name, info=SAMPLES)
    return work.one(name, lambda name: _recreate(work, name))


def _recreate(work: Work, name: str) -> Iterator[RebuildStep]:
    forced = work.options.force
    if forced and _is_listed(work, name):
        work.kbs.maintenance.forget_read(name)
    yield from work.kbs.rebuild(name, IngestOptions(force=forced), create=True, embed_model=work.options.embed_model)


def _update(work: Work, name: str) -> Iterator[RebuildStep]:
    work.check_model(name)
    if work.options.force:
        work.kbs.maintenance.forget_read(name)
    yield from _index(work, name, [file.name for file in work.kbs.files(name) if file.state != "waiting"])


def _increment(work: Work, name: str) -> Iterator[RebuildStep]:
    if not _is_listed(work, name):
        work.kbs.create(name, embed_model=work.options.embed_model)
    work.check_model(name)
    listed = {file.name for file in work.kbs.files(name)}
    yield from _index(work, name, [file for file in work.kbs.content_names(name) if file not in listed])


def _is_listed(work: Work, name: str) -> bool:
    return name in (kb.name for kb in work.kbs.list())


def _index(work: Work, name: str, files: Sequence[str]) -> Iterator[RebuildStep]:
    indexed = work.kbs.index_files(name, files, IngestOptions(replace=True))
    for finished, (file, error) in enumerate(indexed, 1):
        yield RebuildStep(file, finished, len(files), error=error)
