"""Questions to the agent."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from server.agent.question import AgentQuestion
from server.agent.service import GROUP
from server.api.agent_events import agent_events
from server.api.aliases import chat_model
from server.api.asking import asked_of, history_of, limit_of
from server.api.deps import BaseUrlDep, ContainerDep, LanguageDep
from server.api.routes.chat import shape_of
from server.api.schemas.agent import AgentChatRequest
from server.api.sse import STREAM_RESPONSES, event_stream
from server.chat.recording import recorded

router = APIRouter(tags=["Agent"])


@router.post("/chat/agent_chat", response_class=Response, responses=STREAM_RESPONSES)
async def agent_chat(
    body: AgentChatRequest, request: Request, container: ContainerDep, base_url: BaseUrlDep, language: LanguageDep
) -> Response:
    """Ask the agent. Events: `{"answer"}` for each token, `{"tools"}` after each tool, `{"final_answer"}` last."""
    shape = shape_of(body, base_url, language)
    question = AgentQuestion(
        text=body.query,
        history=await history_of(body, container),
        model=chat_model(container.settings, body.model_name),
        temperature=body.temperature,
        max_tokens=limit_of(body.max_tokens),
        prompt=body.prompt_name,
        tools=None if body.tools is None else tuple(body.tools),
    )
    asked = asked_of(body, container, shape, GROUP)
    asked = replace(asked, model=question.model or container.settings.agent.model or asked.model)
    answer = recorded(container.agent.answer(question), container.conversations, asked)
    return await event_stream(request, agent_events(answer, shape))
