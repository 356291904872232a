"""Files dropped into a chat: kept in memory, for a limited time."""

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from server.api.background import in_own_thread
from server.api.chunk_wire import found_document
from server.api.deps import ContainerDep, LanguageDep
from server.api.errors import error_response, text_of
from server.api.forms import FormRoute
from server.api.schemas.base import BaseResponse
from server.api.schemas.search import FoundDocument
from server.api.schemas.temporary import (
    DeleteTemporary,
    SearchTemporary,
    TemporaryDetails,
    TemporaryFileDetails,
    TemporaryListResponse,
)
from server.errors import EmptyQuestion, Language, NoText
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.temporary import TemporaryInfo
from server.knowledge_base.uploads import Upload

router = APIRouter(prefix="/knowledge_base", tags=["Knowledge Base Management"], route_class=FormRoute)


@router.post("/upload_temp_docs", response_model=BaseResponse)
async def upload_temp_docs(  # noqa: PLR0913  # the fields of the form
    request: Request,
    container: ContainerDep,
    language: LanguageDep,
    files: Annotated[list[UploadFile], File(description="one or more files")],
    prev_id: Annotated[str | None, Form(description="files of an earlier upload, which these replace")] = None,
    knowledge_id: Annotated[str | None, Form(description="the same as prev_id")] = None,
    keep: Annotated[bool, Form(description="add to the files of prev_id instead of replacing them")] = False,
    chunk_size: Annotated[int | None, Form(ge=10, le=100_000)] = None,
    chunk_overlap: Annotated[int | None, Form(ge=0)] = None,
    zh_title_enhance: Annotated[bool | None, Form()] = None,
    wait: Annotated[bool, Form(description="false: answer as soon as the bytes are here")] = True,
) -> BaseResponse | JSONResponse:
    """Take files in for `/chat/file_chat`. `data.failed_files` is an array of objects with one name and its reason.

    When no file can be used the status is that of the first one's error, and there is no id.
    """
    options = IngestOptions(chunk_size=chunk_size, chunk_overlap=chunk_overlap, zh_title_enhance=zh_title_enhance)
    uploads = [Upload(name=file.filename or "", stream=file.file) for file in files]
    stores = container.temporary
    add = partial(stores.add, uploads, options, store_id=prev_id or knowledge_id or "", keep=keep, wait=wait)
    info = await in_own_thread(add)
    failed = [file for file in info.files if file.error is not None]
    reasons = [{file.name: text_of(file.error, language)} for file in failed if file.error is not None]
    if len(failed) == len(info.files):
        await run_in_threadpool(stores.delete, info.id)
        first = failed[0].error if failed else None
        return error_response(first or NoText(name=""), request, data={"id": None, "failed_files": reasons})
    return BaseResponse(data={"id": info.id, "failed_files": reasons})


@router.get("/temp_docs")
def list_temp_docs(container: ContainerDep, language: LanguageDep, knowledge_id: str = "") -> TemporaryListResponse:
    """The caller's dropped files, by chat; with `knowledge_id` those of one chat."""
    stores = container.temporary
    infos = [stores.get(knowledge_id)] if knowledge_id else stores.list()
    return TemporaryListResponse(data=[_details(info, language) for info in infos])


@router.post("/delete_temp_docs")
def delete_temp_docs(body: DeleteTemporary, container: ContainerDep) -> BaseResponse:
    """Forget the files of a chat, or some of them."""
    for name in body.file_names:
        container.temporary.delete_file(body.knowledge_id, name)
    if not body.file_names:
        container.temporary.delete(body.knowledge_id)
    return BaseResponse()


@router.post("/search_temp_docs", response_model=list[FoundDocument])
def search_temp_docs(body: SearchTemporary, container: ContainerDep) -> Response:
    """The chunks of dropped files that are nearest to a question: a bare array, as `search_docs` gives it."""
    if not body.query.strip():
        raise EmptyQuestion
    hits = container.temporary.search(
        body.knowledge_id, body.query, top_k=body.top_k, max_distance=body.score_threshold
    )
    found = [found_document(hit.chunk, hit.distance) for hit in hits]
    return Response(json.dumps(found, ensure_ascii=False), media_type="application/json")


def _details(info: TemporaryInfo, language: Language) -> TemporaryDetails:
    files = [
        TemporaryFileDetails.model_validate(
            {
                **vars(file),
                "error_code": file.error.code if file.error else "",
                "error": text_of(file.error, language) if file.error else "",
            }
        )
        for file in info.files
    ]
    return TemporaryDetails(id=info.id, files=files, chunks=info.chunks, expires_in_s=int(info.expires_in_s))
