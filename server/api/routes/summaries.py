"""Summaries: those of the 0.2.10 API, which wait, and our own, which are made in the background and can be read."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from server.api.aliases import chat_model
from server.api.asking import limit_of
from server.api.deps import ContainerDep, LanguageDep
from server.api.errors import error_response, text_of
from server.api.schemas.base import BaseResponse
from server.api.schemas.summaries import (
    CancelSummaries,
    Summarize,
    SummarizeAll,
    SummarizeChunks,
    SummarizeFile,
    SummaryChoices,
    SummaryDetails,
    SummaryListResponse,
    SummaryName,
    SummaryResponse,
)
from server.api.sse import STREAM_RESPONSES, Event, Events, event_stream
from server.chat.summaries import DONE, Summaries, SummaryInfo
from server.chat.summarizer import Wanted
from server.container import Container
from server.errors import KnowledgeBaseNotFound, Language, NothingToSummarize

router = APIRouter(prefix="/knowledge_base", tags=["Knowledge kb_summary_api Management"])
CONTRACT = "/kb_summary_api"
SUMMARY_FAILED = 500
"""What 0.2.10 puts into the event of a file that could not be summarised."""
_DONE = {"zh": "{file} 总结完成", "en": "{file} is summarised"}
_DELETED = {"zh": "摘要已删除", "en": "The summary is deleted"}
_CALLED_OFF = {"zh": "已取消 {count} 份摘要", "en": "Called off {count} summaries"}
_QUEUED = {"zh": "已加入摘要队列", "en": "The summaries are queued"}
_GONE = {"zh": "摘要已被删除", "en": "The summary was deleted"}


@router.post(f"{CONTRACT}/summary_file_to_vector_store", response_class=Response, responses=STREAM_RESPONSES)
async def summarize_file(
    body: SummarizeFile, request: Request, container: ContainerDep, language: LanguageDep
) -> Response:
    """Summarise one file: one event when it is done. A client that leaves does not stop the work."""
    ids = await container.summaries.start(body.knowledge_base_name, [body.file_name], _wanted(body, container))
    return await event_stream(request, _one(container.summaries, ids[0], body.file_name, language))


@router.post(f"{CONTRACT}/recreate_summary_vector_store", response_class=Response, responses=STREAM_RESPONSES)
async def summarize_all(
    body: SummarizeAll, request: Request, container: ContainerDep, language: LanguageDep
) -> Response:
    """Summarise every file that has text: one event a file. A client that leaves does not stop the work."""
    try:
        ids = await container.summaries.start(body.knowledge_base_name, None, _wanted(body, container))
    except NothingToSummarize:
        if not body.allow_empty_kb:
            raise
        ids = ()
    return await event_stream(request, _each(container.summaries, ids, language))


@router.post(f"{CONTRACT}/summary_doc_ids_to_vector_store", response_model=BaseResponse)
async def summarize_chunks(
    body: SummarizeChunks, request: Request, container: ContainerDep
) -> BaseResponse | JSONResponse:
    """Summarise single chunks; the answer is not kept, as in 0.2.10."""
    ids = [int(each) for each in body.doc_ids if each.isascii() and each.isdigit()]
    try:
        made, found = await container.summaries.summarize_chunks(
            body.knowledge_base_name, ids, _wanted(body, container)
        )
    except KnowledgeBaseNotFound as error:
        return error_response(error, request, data={})
    metadata: dict[str, Any] = {
        "file_description": body.file_description,
        "summary_intermediate_steps": {"intermediate_steps": list(made.parts)},
        "doc_ids": ",".join(map(str, found)),
        "extractive": made.extractive,
        "model": made.model,
    }
    document = {"page_content": made.text, "metadata": metadata, "type": "Document"}
    return BaseResponse(data={"summarize": [document]})


@router.post("/summaries")
async def start_summaries(body: Summarize, container: ContainerDep, language: LanguageDep) -> SummaryListResponse:
    """Have files, or the whole knowledge base, summarised in the background; the list tells how far it is."""
    ids = await container.summaries.start(
        body.knowledge_base_name, body.file_names, _wanted(body, container), whole=body.whole
    )
    queued = [await container.summaries.look(each) for each in ids]
    return SummaryListResponse(msg=_QUEUED[language], data=[_details(info, language) for info in queued if info])


@router.get("/summaries")
def list_summaries(knowledge_base_name: str, container: ContainerDep, language: LanguageDep) -> SummaryListResponse:
    """The summaries of a knowledge base and its files, those in the making too."""
    found = container.summaries.list(knowledge_base_name)
    return SummaryListResponse(data=[_details(info, language) for info in found])


@router.get("/summary")
def get_summary(
    knowledge_base_name: str, container: ContainerDep, language: LanguageDep, file_name: str = ""
) -> SummaryResponse:
    """The summary of a file, or without a file that of the knowledge base."""
    return SummaryResponse(data=_details(container.summaries.get(knowledge_base_name, file_name), language))


@router.post("/cancel_summaries")
async def cancel_summaries(body: CancelSummaries, container: ContainerDep, language: LanguageDep) -> BaseResponse:
    """Call off summaries that wait or are being made: their model stops, and the text of before stays."""
    files = await container.summaries.cancel(body.knowledge_base_name, body.file_names)
    return BaseResponse(msg=_CALLED_OFF[language].format(count=len(files)), data={"files": list(files)})


@router.post("/delete_summary")
def delete_summary(body: SummaryName, container: ContainerDep, language: LanguageDep) -> BaseResponse:
    """Forget a summary; one in the making comes to nothing."""
    container.summaries.delete(body.knowledge_base_name, body.file_name)
    return BaseResponse(msg=_DELETED[language])


def _wanted(body: SummaryChoices, container: Container) -> Wanted:
    limit = limit_of(body.max_tokens)
    return Wanted(chat_model(container.settings, body.model_name), body.temperature, limit, body.file_description)


async def _one(summaries: Summaries, summary_id: int, file: str, language: Language) -> Events:
    yield _event(await summaries.wait(summary_id), _DONE[language].format(file=file), language) | {"doc": file}


async def _each(summaries: Summaries, ids: Sequence[int], language: Language) -> Events:
    for number, summary_id in enumerate(ids, 1):
        info = await summaries.wait(summary_id)
        file = info.file if info else ""
        event = _event(info, f"({number} / {len(ids)}): {file}", language)
        yield event | {"total": len(ids), "finished": number, "doc": file}


def _event(info: SummaryInfo | None, msg: str, language: Language) -> Event:
    if info is None:
        return {"code": SUMMARY_FAILED, "msg": _GONE[language]}
    if info.state != DONE and info.error is not None:
        return {"code": SUMMARY_FAILED, "msg": text_of(info.error, language), "error": info.error.code}
    return {"code": 200, "msg": msg}


def _details(info: SummaryInfo, language: Language) -> SummaryDetails:
    return SummaryDetails.model_validate(
        {
            **vars(info),
            "parts": list(info.parts),
            "created": info.created.isoformat(timespec="seconds"),
            "finished": info.finished.isoformat(timespec="seconds") if info.finished else None,
            "error_code": info.error.code if info.error else "",
            "error": text_of(info.error, language) if info.error else "",
        }
    )
