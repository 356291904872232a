"""The tools of the agent: which there are, and calling one by hand."""

from fastapi import APIRouter

from server.agent.toolbox import ToolState
from server.api.deps import ContainerDep, LanguageDep
from server.api.errors import text_of
from server.api.schemas.agent import McpServerDetails, ToolCallRequest, ToolDetails, ToolListResponse
from server.api.schemas.base import BaseResponse
from server.errors import Language

router = APIRouter(tags=["Agent"])


@router.get("/tools")
async def list_tools(container: ContainerDep, language: LanguageDep) -> ToolListResponse:
    """The tools that are switched on, those of MCP servers included, and why some cannot be used now."""
    toolbox = container.agent.toolbox
    states = await toolbox.states()
    return ToolListResponse(
        data={state.tool.name: _details(state, language) for state in states},
        servers=[
            McpServerDetails(name=server.name, state=server.state, reason=server.reason, tools=server.tools)
            for server in toolbox.server_states()
        ],
    )


@router.post("/tools/call")
async def call_tool(body: ToolCallRequest, container: ContainerDep, language: LanguageDep) -> BaseResponse:
    """Call one tool; `data` is the text it gives back. Needs the scope `write`: what a tool does may not be undone."""
    finished = await container.agent.call(body.name, body.tool_input, language)
    return BaseResponse(data=finished.output)


def _details(state: ToolState, language: Language) -> ToolDetails:
    schema = state.tool.schema()
    return ToolDetails(
        name=state.tool.name,
        title=state.tool.title.of(language),
        description=state.tool.description.of(language),
        args=schema.get("properties", {}),
        input_schema=schema,
        state=state.state,
        reason=text_of(state.problem, language) if state.problem else "",
        server=state.tool.server,
    )
