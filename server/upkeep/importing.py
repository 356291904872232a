"""`--import-db`: knowledge bases and their lists of files out of a backup of the database, checked like any input."""

from pathlib import Path
from typing import Any

from server.db.backup import KeptKnowledgeBase, read_backup
from server.errors import BadName, InvalidInput, ModelNotFound, ModelUnavailable, UnknownPart, ZhiwenError
from server.knowledge_base.index import VECTOR_STORES
from server.knowledge_base.names import FileName
from server.knowledge_base.recipe import IngestOptions, check_splitter
from server.llm.catalog import choose_embedder
from server.upkeep.work import DONE, FAILED, Work

_TYPES = {"splitter": str, "chunk_size": int, "chunk_overlap": int, "zh_title_enhance": bool, "ocr": bool}


def import_db(work: Work) -> int:
    """Create what the backup knew, list its files as not read yet, and say what to do next."""
    wanted = {name.casefold() for name in work.options.kb_name}
    kept = [kb for kb in read_backup(Path(work.options.import_db)) if not wanted or kb.name.casefold() in wanted]
    if not kept:
        work.console.say("nothing")
        return DONE
    code = max(_import(work, kb) for kb in kept)
    work.console.say("now_rebuild")
    return code


def _import(work: Work, kept: KeptKnowledgeBase) -> int:
    try:
        made = _create(work, kept)
    except ZhiwenError as error:
        work.console.complain(error)
        return FAILED
    files, refused = _checked(kept.files)
    new = work.kbs.maintenance.list_unread(kept.name, files)
    work.console.say("imported" if made else "completed", kept.name, len(new))
    missing = len({*new} - {*work.kbs.content_names(kept.name)})
    if missing:
        work.console.say("not_on_disk", missing)
    for error in refused:
        work.console.complain(error)
    return FAILED if refused else DONE


def _create(work: Work, kept: KeptKnowledgeBase) -> bool:
    """Create a knowledge base; false when it is there, and then it stays as it is."""
    if kept.name.casefold() in (kb.name.casefold() for kb in work.kbs.list()):
        return False
    store, options = _store(work, kept), _options(work, kept)
    work.kbs.create(kept.name, info=kept.info, vector_store=store, embed_model=_model(work, kept), options=options)
    return True


def _model(work: Work, kept: KeptKnowledgeBase) -> str:
    if work.options.embed_model or not kept.embed_model:
        return work.options.embed_model
    try:
        return choose_embedder(work.container.settings, kept.embed_model).name
    except (ModelNotFound, ModelUnavailable) as error:
        return _told(work, kept, error, work.container.embedder_choice.name)


def _store(work: Work, kept: KeptKnowledgeBase) -> str:
    try:
        VECTOR_STORES.get(kept.vector_store or work.container.settings.knowledge_base.vector_store)
    except UnknownPart as error:
        return _told(work, kept, error, work.container.settings.knowledge_base.vector_store)
    return kept.vector_store


def _options(work: Work, kept: KeptKnowledgeBase) -> IngestOptions:
    settings = work.container.settings
    asked = kept.settings
    found: dict[str, Any] = {name: asked[name] for name, kind in _TYPES.items() if type(asked.get(name)) is kind}
    try:
        check_splitter(found.get("splitter", settings.knowledge_base.splitter), settings)
    except UnknownPart as error:
        found["splitter"] = _told(work, kept, error, settings.knowledge_base.splitter)
    return IngestOptions(**found)


def _told(work: Work, kept: KeptKnowledgeBase, error: ZhiwenError, instead: str) -> str:
    """Say that something of the backup is not to be had here, and what is taken instead of it."""
    work.console.say("exchanged", kept.name, error.message(work.console.language), instead)
    return instead


def _checked(files: tuple[str, ...]) -> tuple[list[str], list[InvalidInput]]:
    names: list[str] = []
    refused: list[InvalidInput] = []
    for file in files:
        try:
            names.append(FileName.parse(file).text)
        except BadName as error:
            refused.append(error)
    return names, refused
