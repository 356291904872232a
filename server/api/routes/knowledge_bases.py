"""Knowledge bases: list, create, describe, delete, rebuild."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from starlette.responses import JSONResponse

from server.api.aliases import embed_model
from server.api.background import in_thread
from server.api.deps import ContainerDep, KnowledgeBasesDep, LanguageDep
from server.api.errors import error_response
from server.api.schemas.base import BaseResponse
from server.api.schemas.knowledge_bases import (
    CreateKnowledgeBase,
    DescribedResponse,
    KnowledgeBaseListResponse,
    KnowledgeBaseResponse,
    RebuildRequest,
    UpdateInfo,
    UpdateSettings,
)
from server.api.sse import STREAM_RESPONSES, event_stream
from server.api.wire import (
    described_knowledge_base,
    knowledge_base_details,
    options_of,
    rebuild_event,
    search_choices_of,
)
from server.errors import BlankName, KnowledgeBaseExists
from server.knowledge_base.recipe import IngestOptions

router = APIRouter(prefix="/knowledge_base", tags=["Knowledge Base Management"])
# Clients of 0.2.10 compare these three with its words, so they are the same in every language.
_BLANK = "知识库名称不能为空，请重新填写知识库名称"
_CREATED = "已新增知识库 {name}"
_EXISTS = "已存在同名知识库 {name}"
_UPDATED = {
    "zh": "设置已保存，对之后读取的文件生效；已有文件需要重建索引后才会按新设置切分",
    "en": "The settings are saved and count for files read from now on. Rebuild the index to apply them to the files "
    "that are there.",
}
_DELETED = {"zh": "成功删除知识库 {name}", "en": "Deleted the knowledge base {name}"}


@router.get("/list_knowledge_bases")
def list_knowledge_bases(
    knowledge_bases: KnowledgeBasesDep, details: Annotated[bool, Query()] = False
) -> KnowledgeBaseListResponse:
    """The names, oldest first; with `details=true` objects, with the settings their files are read with."""
    infos = knowledge_bases.list()
    if details:
        return KnowledgeBaseListResponse(data=[knowledge_base_details(info) for info in infos])
    return KnowledgeBaseListResponse(data=[info.name for info in infos])


@router.post("/create_knowledge_base", response_model=BaseResponse)
def create_knowledge_base(
    body: CreateKnowledgeBase, request: Request, container: ContainerDep
) -> BaseResponse | JSONResponse:
    """Create an empty knowledge base. A blank or taken name is code 404, as in 0.2.10."""
    name = body.knowledge_base_name
    try:
        info = container.knowledge_bases.create(
            name,
            info=body.kb_info,
            vector_store=body.vector_store_type,
            embed_model=embed_model(container.settings, body.embed_model),
            options=options_of(body),
            search=search_choices_of(body),
        )
    except BlankName as error:
        return error_response(error, request, msg=_BLANK)
    except KnowledgeBaseExists as error:
        return error_response(error, request, status=404, msg=_EXISTS.format(name=name))
    return BaseResponse(msg=_CREATED.format(name=info.name))


@router.get("/details")
def details(knowledge_base_name: str, knowledge_bases: KnowledgeBasesDep) -> DescribedResponse:
    """One knowledge base: its settings, and what it holds by state, format, pages, chunks and bytes."""
    info = knowledge_bases.get(knowledge_base_name)
    return DescribedResponse(data=described_knowledge_base(info, knowledge_bases.statistics(knowledge_base_name)))


@router.post("/update_info")
def update_info(body: UpdateInfo, knowledge_bases: KnowledgeBasesDep) -> BaseResponse:
    """Change the description."""
    knowledge_bases.set_info(body.knowledge_base_name, body.kb_info)
    return BaseResponse(data={"kb_info": body.kb_info})


@router.post("/update_settings")
def update_settings(
    body: UpdateSettings, knowledge_bases: KnowledgeBasesDep, language: LanguageDep
) -> KnowledgeBaseResponse:
    """Change how files are read from now on, and how chunks are searched.

    Files that were read stay as they are until the next rebuild. The embedding model changes with a rebuild only.
    """
    info = knowledge_bases.update_settings(
        body.knowledge_base_name, options_of(body), search_choices_of(body), body.reset
    )
    return KnowledgeBaseResponse(msg=_UPDATED[language], data=knowledge_base_details(info))


@router.post("/delete_knowledge_base")
def delete_knowledge_base(
    name: Annotated[str, Body(examples=["samples"])], knowledge_bases: KnowledgeBasesDep, language: LanguageDep
) -> BaseResponse:
    """Delete a knowledge base with its files. The body is the name as a bare JSON string."""
    knowledge_bases.delete(name)
    return BaseResponse(msg=_DELETED[language].format(name=name))


@router.post("/recreate_vector_store", response_class=Response, responses=STREAM_RESPONSES)
async def recreate_vector_store(
    body: RebuildRequest, request: Request, container: ContainerDep, language: LanguageDep
) -> Response:
    """Build the index again from the files on disk. One event a file; a client that leaves does not stop the work."""
    options = IngestOptions(
        chunk_size=body.chunk_size,
        chunk_overlap=body.chunk_overlap,
        zh_title_enhance=body.zh_title_enhance,
        splitter=body.splitter,
        ocr=body.ocr,
        force=body.force,
    )
    begin = partial(
        container.knowledge_bases.rebuild,
        body.knowledge_base_name,
        options,
        create=body.allow_empty_kb,
        vector_store=body.vs_type,
        embed_model=embed_model(container.settings, body.embed_model),
    )
    watched = container.rebuilds.watched(body.knowledge_base_name, begin)
    return await event_stream(request, in_thread(rebuild_event(step, language) for step in watched))
