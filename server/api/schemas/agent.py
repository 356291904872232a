"""Questions to the agent, and its tools."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request
from server.api.schemas.chat import Answering


class AgentChatRequest(Answering):
    """POST /chat/agent_chat. `tools` names those the agent may use; left out, it has all that are ready."""

    tools: list[str] | None = Field(default=None, max_length=200)


class ToolDetails(BaseModel):
    """One tool. `args` are its arguments, `input_schema` is their whole JSON schema; `server` is an MCP server."""

    name: str
    title: str
    description: str
    args: dict[str, Any]
    input_schema: dict[str, Any]
    state: Literal["ready", "unavailable"]
    reason: str = ""
    server: str = ""


class McpServerDetails(BaseModel):
    """One MCP server of the settings."""

    name: str
    state: Literal["idle", "ready", "failed"]
    reason: str = ""
    tools: int = 0


class ToolListResponse(BaseResponse):
    """GET /tools: tools by name, and the MCP servers."""

    data: dict[str, ToolDetails] = Field(default_factory=dict)
    servers: list[McpServerDetails] = Field(default_factory=list)


class ToolCallRequest(Request):
    """POST /tools/call."""

    name: str
    tool_input: dict[str, Any] = Field(default_factory=dict)
