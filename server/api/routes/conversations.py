"""Conversations of the caller: listed, renamed, read, exported, deleted; and praised answers as an evaluation set."""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from server.api.deps import BaseUrlDep, ContainerDep
from server.api.schemas.base import BaseResponse
from server.api.schemas.conversations import (
    ConversationListResponse,
    ConversationMessagesResponse,
    ConversationResponse,
    ConversationWithMessages,
    CreateConversation,
    FeedbackListResponse,
    MessageListResponse,
    RenameConversation,
)
from server.api.transcripts import conversation_details, judged, message_details, transcript
from server.caller import caller
from server.chat.memory import GOOD_SCORE

router = APIRouter(tags=["Conversations"])


@router.post("/conversations")
def create(body: CreateConversation, container: ContainerDep) -> ConversationResponse:
    """Make an empty conversation. Not needed before a question: a chat route makes the one it is given."""
    info = container.conversations.create(
        caller().name,
        conversation_id=body.id,
        title=body.title,
        mode=body.mode,
        names=body.knowledge_base_names,
    )
    return ConversationResponse(data=conversation_details(info))


@router.get("/conversations")
def list_conversations(
    container: ContainerDep,
    search: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> ConversationListResponse:
    """The latest used first; `search` looks into titles, questions and answers."""
    total, page = container.conversations.page(caller().name, search=search, limit=limit, offset=offset)
    return ConversationListResponse(data=[conversation_details(info) for info in page], total=total)


@router.patch("/conversations/{conversation_id}")
def rename(conversation_id: str, body: RenameConversation, container: ContainerDep) -> ConversationResponse:
    """Give it another title."""
    info = container.conversations.rename(caller().name, conversation_id, body.title)
    return ConversationResponse(data=conversation_details(info))


@router.delete("/conversations/{conversation_id}")
def delete(conversation_id: str, container: ContainerDep) -> BaseResponse:
    """Delete it with all its messages."""
    container.conversations.delete(caller().name, conversation_id)
    return BaseResponse()


@router.get("/conversations/{conversation_id}/messages")
def messages(conversation_id: str, container: ContainerDep, base_url: BaseUrlDep) -> ConversationMessagesResponse:
    """The conversation with its messages and their sources, oldest first."""
    info, rows = container.conversations.read(caller().name, conversation_id)
    history = [message_details(row, base_url) for row in rows]
    details = conversation_details(info).model_dump()
    return ConversationMessagesResponse(data=ConversationWithMessages(**details, history=history))


@router.delete("/conversations/{conversation_id}/messages/{message_id}")
def forget(
    conversation_id: str, message_id: str, container: ContainerDep, base_url: BaseUrlDep, and_later: bool = False
) -> MessageListResponse:
    """Take a question back to ask it anew, with `and_later` also what followed; `last` names the last one."""
    gone = container.conversations.forget(caller().name, conversation_id, message_id, and_later=and_later)
    return MessageListResponse(data=[message_details(row, base_url) for row in gone])


@router.get(
    "/conversations/{conversation_id}/export",
    response_class=Response,
    responses={200: {"content": {"text/markdown": {}, "application/json": {}}, "description": "the file"}},
)
def export(
    conversation_id: str,
    container: ContainerDep,
    base_url: BaseUrlDep,
    form: Annotated[Literal["markdown", "json"], Query(alias="format")] = "markdown",
) -> Response:
    """The conversation as a file to download."""
    info, rows = container.conversations.read(caller().name, conversation_id)
    if form == "json":
        whole = ConversationWithMessages(
            **conversation_details(info).model_dump(), history=[message_details(row, base_url) for row in rows]
        )
        content, media, suffix = whole.model_dump_json(indent=2), "application/json", "json"
    else:
        content, media, suffix = transcript(info, rows), "text/markdown", "md"
    name = re.sub(r"[^\w-]+", "_", info.title or info.id).strip("_") or "conversation"
    disposition = f"attachment; filename*=utf-8''{quote(name)}.{suffix}"
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})


@router.get("/feedback/export")
def export_feedback(
    container: ContainerDep, least_score: Annotated[int, Query(ge=-(2**31), lt=2**31)] = GOOD_SCORE
) -> FeedbackListResponse:
    """Praised answers as an evaluation set: questions and the files their answers rest on."""
    rows = container.conversations.praised(caller().name, least_score)
    return FeedbackListResponse(data=[judged(row) for row in rows if row.sources])
