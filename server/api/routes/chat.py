"""Questions, which are all answered by an event stream, and what is thought of the answers."""

from uuid import uuid4

from fastapi import APIRouter, Body, Request, Response

from server.api.asking import answer_of, asked_of, given_history, history_of, kept_history, question_of
from server.api.deps import BaseUrlDep, ContainerDep, LanguageDep
from server.api.events import Shape, grounded_events, plain_events
from server.api.schemas.base import BaseResponse
from server.api.schemas.chat import (
    Answering,
    ChatRequest,
    FeedbackRequest,
    FileChatRequest,
    GroundedRequest,
    KnowledgeBaseChatRequest,
    SearchEngineChatRequest,
)
from server.api.sse import STREAM_RESPONSES, event_stream
from server.caller import caller
from server.chat.grounds import PLAIN, Ground, Nothing
from server.errors import Language

router = APIRouter(tags=["Chat"])
DEFAULT, WITH_HISTORY = "default", "with_history"


@router.post("/chat/chat", response_class=Response, responses=STREAM_RESPONSES)
async def chat(
    body: ChatRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep, language: LanguageDep
) -> Response:
    """Ask the model. Events: `{"text", "message_id"}`, one for each token, or a single one with `stream=false`."""
    # As in 0.2.10: nothing is loaded unless a number of turns is named, and what is loaded has its own template,
    # unless another than the default one is named.
    given = given_history(body)
    kept = () if given else await kept_history(body, container, unset=0)
    shape = shape_of(body, base_url, language)
    prompt = WITH_HISTORY if kept and body.prompt_name == DEFAULT else ""
    question = question_of(body, container, Nothing(), given or kept, prompt=prompt)
    answer = answer_of(question, container, asked_of(body, container, shape, PLAIN))
    return await event_stream(request, plain_events(answer, shape))


@router.post("/chat/knowledge_base_chat", response_class=Response, responses=STREAM_RESPONSES)
async def knowledge_base_chat(
    body: KnowledgeBaseChatRequest,
    request: Request,
    container: ContainerDep,
    base_url: BaseUrlDep,
    language: LanguageDep,
) -> Response:
    """Ask knowledge bases. Events: `{"answer"}` for each token, then `{"docs", "sources", …}`; or all in one."""
    names = list(dict.fromkeys([body.knowledge_base_name, *body.knowledge_base_names]))
    ground = container.grounds.knowledge_bases(names, top_k=body.top_k, max_distance=body.score_threshold)
    question = question_of(body, container, ground, await history_of(body, container))
    shape = shape_of(body, base_url, language, ground)
    answer = answer_of(question, container, asked_of(body, container, shape, "knowledge_base_chat", names))
    return await event_stream(request, grounded_events(answer, shape))


@router.post("/chat/file_chat", response_class=Response, responses=STREAM_RESPONSES)
async def file_chat(
    body: FileChatRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep, language: LanguageDep
) -> Response:
    """Ask dropped files, by the id that came with their upload. Events as of `/chat/knowledge_base_chat`."""
    ground = container.grounds.temporary_files(body.knowledge_id, top_k=body.top_k, max_distance=body.score_threshold)
    question = question_of(body, container, ground, await history_of(body, container))
    shape = shape_of(body, base_url, language, ground)
    answer = answer_of(question, container, asked_of(body, container, shape, "file_chat"))
    return await event_stream(request, grounded_events(answer, shape))


@router.post("/chat/search_engine_chat", response_class=Response, responses=STREAM_RESPONSES)
async def search_engine_chat(
    body: SearchEngineChatRequest,
    request: Request,
    container: ContainerDep,
    base_url: BaseUrlDep,
    language: LanguageDep,
) -> Response:
    """Ask the internet through a search engine. Events as of `/chat/knowledge_base_chat`; sources are links."""
    ground = container.grounds.web(body.search_engine_name, top_k=body.top_k, split_result=body.split_result)
    question = question_of(body, container, ground, await history_of(body, container))
    shape = shape_of(body, base_url, language, ground)
    answer = answer_of(question, container, asked_of(body, container, shape, "search_engine_chat"))
    return await event_stream(request, grounded_events(answer, shape))


@router.post("/chat/feedback")
def feedback(container: ContainerDep, body: FeedbackRequest | None = Body(default=None)) -> BaseResponse:
    """Say what an answer is worth; a later word takes the place of an earlier one."""
    said = body or FeedbackRequest()
    container.conversations.give_feedback(caller().name, said.message_id, said.score, said.reason)
    return BaseResponse()


def shape_of(body: Answering, base_url: str, language: Language, ground: Ground | None = None) -> Shape:
    """What the client wants its answer to look like."""
    return Shape(
        message_id=uuid4().hex,
        question=body.query,
        base_url=base_url,
        language=language,
        stream=body.stream,
        more=body.events,
        sources_first=isinstance(body, GroundedRequest) and body.sources_first,
        prompts=ground.prompts if ground else "",
    )
