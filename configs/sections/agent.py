"""What the agent may do: its tools, their limits, and the MCP servers and databases it may ask."""

import re
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from configs.sections.base import Section

ToolName = Literal[
    "search_knowledge_bases",
    "search_internet",
    "calculate",
    "read_url",
    "current_time",
    "weather",
    "arxiv",
    "wikipedia",
    "query_database",
]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Weather(Section):
    """An API in the manner of open-meteo; `api_key` is sent as `apikey` where one is set."""

    url: str
    geocoding_url: str
    api_key: SecretStr


class AgentDatabase(Section):
    """A database the agent may read."""

    url: SecretStr
    description: str = ""


class McpServer(Section):
    """An MCP server: a command that is started, or an address that is called."""

    command: str = ""
    args: list[str] = Field(default_factory=list)
    env: dict[str, SecretStr] = Field(default_factory=dict)
    url: str = ""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    timeout_s: float = Field(default=30, gt=0)

    @model_validator(mode="after")
    def _command_or_url(self) -> "McpServer":
        if bool(self.command) == bool(self.url):
            raise ValueError("set either command or url")
        return self


class Agent(Section):
    """What the agent may do."""

    tools: list[ToolName]
    shell: bool
    model: str
    step_limit: int = Field(ge=1, le=100)
    time_limit_s: float = Field(gt=0)
    tool_timeout_s: float = Field(gt=0)
    tool_output_limit: int = Field(ge=200)
    weather: Weather
    arxiv_url: str
    wikipedia_url: str
    databases: dict[str, AgentDatabase]
    mcp: dict[str, McpServer]

    @model_validator(mode="after")
    def _plain_names(self) -> "Agent":
        for name in [*self.databases, *self.mcp]:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f'"{name}" must be 1 to 32 letters, digits, "_" or "-", as it becomes part of tool names'
                )
        return self
