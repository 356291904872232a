"""Our values → what travels to clients."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from server.api.errors import error_event, text_of
from server.api.schemas import FileDetails, FoundDocument, KnowledgeBaseDetails
from server.errors import Language, ZhiwenError
from server.knowledge_base.rebuild import RebuildStep
from server.knowledge_base.service import FileInfo, KnowledgeBaseInfo
from server.types import Chunk


def knowledge_base_details(info: KnowledgeBaseInfo) -> KnowledgeBaseDetails:
    """All that is known of a knowledge base."""
    return KnowledgeBaseDetails.model_validate({**asdict(info), "created": _moment(info.created)})


def file_details(file: FileInfo, language: Language) -> FileDetails:
    """All that is known of a file."""
    error = file.error_zh if language == "zh" else file.error_en
    return FileDetails.model_validate({**asdict(file), "error": error, "updated": _moment(file.updated)})


def found_document(chunk: Chunk, score: float) -> FoundDocument:
    """A chunk as an element of `search_docs`."""
    metadata = {**chunk.meta, "source": chunk.file, "id": str(chunk.id)}
    return FoundDocument(page_content=chunk.text, metadata=metadata, id=str(chunk.id), score=score)


def rebuild_event(step: RebuildStep, language: Language) -> dict[str, Any]:
    """One file of a rebuild: code 200, or the reason of its failure."""
    event = {"total": step.total, "finished": step.finished, "doc": step.file}
    if step.error is not None:
        return {**error_event(step.error, language), **event}
    return {"code": 200, "msg": f"({step.finished} / {step.total}): {step.file}", **event}


def failed_files(results: Mapping[str, ZhiwenError | None], language: Language) -> dict[str, dict[str, str]]:
    """Which files failed: name to reason, and name to stable code."""
    failed = {name: error for name, error in results.items() if error is not None}
    return {
        "failed_files": {name: text_of(error, language) for name, error in failed.items()},
        "failed_codes": {name: error.code for name, error in failed.items()},
    }


def _moment(moment: datetime) -> str:
    """ISO 8601 with its offset; what comes without one from the database is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat(timespec="seconds")
