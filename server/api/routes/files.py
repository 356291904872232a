"""Files of a knowledge base: list, upload, read again, delete, download."""

import mimetypes
from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from server.api.background import in_own_thread
from server.api.deps import ContainerDep, KnowledgeBasesDep, LanguageDep
from server.api.errors import error_response
from server.api.forms import FormRoute
from server.api.given_documents import given_documents
from server.api.schemas.base import BaseResponse
from server.api.schemas.files import DeleteFiles, FileListResponse, UpdateFiles
from server.api.schemas.jobs import QueuedResponse
from server.api.schemas.knowledge_bases import EmbedderChoice, Formats, FormatsResponse, SearchSettings
from server.api.wire import failed_files, file_details, ingest_settings, queued
from server.container import Container
from server.errors import Language, ZhiwenError
from server.knowledge_base.choices import effective_choices
from server.knowledge_base.index import vector_stores
from server.knowledge_base.page_picture import page_picture
from server.knowledge_base.recipe import IngestOptions, resolve, splitter_names
from server.knowledge_base.service import KnowledgeBases
from server.knowledge_base.uploading import Submitted
from server.knowledge_base.uploads import Upload, accepted
from server.llm.catalog import why_not_here

_PREVIEW_HEADERS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
_PICTURE_HEADERS = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff"}
_UPLOADED = {"zh": "文件上传与向量化完成", "en": "Upload and indexing finished"}
_STORED = {"zh": "文件上传完成", "en": "Upload finished"}
_QUEUED = {"zh": "文件已保存，正在排队处理", "en": "The files are stored and wait to be read"}
_UPDATED = {"zh": "更新文档完成", "en": "The files are read again"}
_DELETED = {"zh": "文件删除完成", "en": "Deletion finished"}


router = APIRouter(prefix="/knowledge_base", tags=["Knowledge Base Management"], route_class=FormRoute)


@router.get("/list_files", response_model=FileListResponse)
def list_files(
    knowledge_base_name: str,
    request: Request,
    knowledge_bases: KnowledgeBasesDep,
    language: LanguageDep,
    details: Annotated[bool, Query()] = False,
) -> FileListResponse | JSONResponse:
    """The names of the files; with `details=true` objects. As in 0.2.10 `data` is an array even of an error.

    Files of which there is only a job yet are among them, in the state `waiting`.
    """
    try:
        files = knowledge_bases.files(knowledge_base_name, with_entries=details)
    except ZhiwenError as error:
        return error_response(error, request, data=[])
    return FileListResponse(data=[file_details(f, language) for f in files] if details else [f.name for f in files])


@router.get("/formats")
def formats(container: ContainerDep, language: LanguageDep) -> FormatsResponse:
    """What uploads may be, and how they can be split, embedded and stored."""
    settings = container.settings
    known = Formats(
        suffixes=accepted(settings),
        splitters=splitter_names(settings),
        settings=ingest_settings(resolve(IngestOptions(), {}, settings)),
        search=SearchSettings.model_validate(asdict(effective_choices({}, settings))),
        embedders=_embedders(container, language),
        vector_stores=vector_stores(settings),
    )
    return FormatsResponse(data=known)


def _embedders(container: Container, language: Language) -> list[EmbedderChoice]:
    configured, default = container.settings.models.embed, container.embedder_choice.name
    found = []
    for name in dict.fromkeys([*configured, default, *container.provider_shelf.names("embed")]):
        reasons = why_not_here(container.settings, name, configured[name]) if name in configured else None
        reason = reasons[language == "zh"] if reasons else ""
        found.append(EmbedderChoice(name=name, available=not reasons, default=name == default, reason=reason))
    return found


@router.post("/upload_docs", response_model=BaseResponse, responses={202: {"model": QueuedResponse}})
async def upload_docs(  # noqa: PLR0913  # the fields of the form
    knowledge_bases: KnowledgeBasesDep,
    language: LanguageDep,
    files: Annotated[list[UploadFile], File(description="one or more files")],
    knowledge_base_name: Annotated[str, Form()],
    override: Annotated[bool, Form(description="replace files of the same name")] = False,
    to_vector_store: Annotated[bool, Form(description="index the files, or only store them")] = True,
    chunk_size: Annotated[int | None, Form(ge=10, le=100_000)] = None,
    chunk_overlap: Annotated[int | None, Form(ge=0)] = None,
    zh_title_enhance: Annotated[bool | None, Form()] = None,
    splitter: Annotated[str | None, Form(description="one of /knowledge_base/formats")] = None,
    ocr: Annotated[bool | None, Form(description="read scans and pictures")] = None,
    force: Annotated[bool, Form(description="read the files even when they were read in this way before")] = False,
    wait: Annotated[bool, Form(description="false: answer 202 with the jobs as soon as the files are stored")] = True,
    docs: Annotated[str, Form(description="JSON text: by file name the documents that replace its own text")] = "{}",
    not_refresh_vs_cache: Annotated[bool, Form(description="without effect: the index is always saved")] = False,
) -> BaseResponse | JSONResponse:
    """Store and index files; answers when all are done. `data.failed_files` maps names to reasons.

    With `wait=false` it answers when all are stored; `data.jobs` then tells where to look how they do. `docs` may also
    name files that are there already.
    """
    documents = await run_in_threadpool(given_documents, docs)
    options = IngestOptions(
        chunk_size=chunk_size,
        chunk_overlap=chunk_overlap,
        zh_title_enhance=zh_title_enhance,
        splitter=splitter,
        ocr=ocr,
        replace=override,
        index=to_vector_store,
        force=force,
    )
    uploads = [Upload(name=file.filename or "", stream=file.file) for file in files]
    submitted = await run_in_threadpool(knowledge_bases.submit_files, knowledge_base_name, uploads, options, documents)
    if not wait:
        return _queued(submitted, language)
    return await _finished(knowledge_bases, submitted, (_UPLOADED if to_vector_store else _STORED)[language], language)


@router.post("/update_docs", response_model=BaseResponse, responses={202: {"model": QueuedResponse}})
async def update_docs(
    body: UpdateFiles, knowledge_bases: KnowledgeBasesDep, language: LanguageDep
) -> BaseResponse | JSONResponse:
    """Read files again, with new settings perhaps; `data.failed_files` as in upload.

    Files whose text was given by `docs` stay as they are unless `override_custom_docs` asks for their own text.
    """
    options = IngestOptions(
        chunk_size=body.chunk_size,
        chunk_overlap=body.chunk_overlap,
        zh_title_enhance=body.zh_title_enhance,
        splitter=body.splitter,
        ocr=body.ocr,
    )
    submitted = await run_in_threadpool(
        knowledge_bases.update_files,
        body.knowledge_base_name,
        body.file_names,
        options,
        await run_in_threadpool(given_documents, body.docs),
        override_custom=body.override_custom_docs,
    )
    if not body.wait:
        return _queued(submitted, language)
    return await _finished(knowledge_bases, submitted, _UPDATED[language], language)


def _queued(submitted: Submitted, language: Language) -> JSONResponse:
    answer = QueuedResponse(code=202, msg=_QUEUED[language], data=queued(submitted, language))
    return JSONResponse(answer.model_dump(), 202)


async def _finished(
    knowledge_bases: KnowledgeBases, submitted: Submitted, msg: str, language: Language
) -> BaseResponse:
    results = await in_own_thread(partial(knowledge_bases.finish, submitted))
    return BaseResponse(msg=msg, data=failed_files(results, language))


@router.post("/delete_docs")
def delete_docs(body: DeleteFiles, knowledge_bases: KnowledgeBasesDep, language: LanguageDep) -> BaseResponse:
    """Take files out of the index, with `delete_content` also off the disk; `data.failed_files` as in upload.

    `data.receipt` counts what went: files, chunks, vectors, words (entries of the two indexes), bytes, cache_entries.
    """
    deleted = knowledge_bases.delete_files(
        body.knowledge_base_name, body.file_names, delete_content=body.delete_content
    )
    data = {**failed_files(deleted.results, language), "receipt": asdict(deleted.receipt)}
    return BaseResponse(msg=_DELETED[language], data=data)


@router.get("/download_doc", response_class=FileResponse)
def download_doc(
    knowledge_base_name: str, file_name: str, knowledge_bases: KnowledgeBasesDep, preview: bool = False
) -> FileResponse:
    """The file as it was uploaded; with `preview=true` to be shown by the browser, where its scripts do not run."""
    path = knowledge_bases.content_path(knowledge_base_name, file_name)
    guessed = mimetypes.guess_type(path.name)[0] if preview else None
    return FileResponse(
        path,
        filename=path.name,
        media_type=guessed or "application/octet-stream",
        content_disposition_type="inline" if preview else "attachment",
        headers=_PREVIEW_HEADERS,
    )


@router.get(
    "/page_image", response_class=Response, responses={200: {"content": {"image/png": {}}, "description": "the page"}}
)
def page_image(
    knowledge_base_name: str,
    file_name: str,
    knowledge_bases: KnowledgeBasesDep,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """How a page of a PDF, or a picture, looks. The `boxes` of sources are shares of its width and height."""
    picture = page_picture(knowledge_bases.content_path(knowledge_base_name, file_name), page)
    return Response(picture, media_type="image/png", headers=_PICTURE_HEADERS)
