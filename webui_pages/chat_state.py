"""What the chat page remembers of one browser session: the open conversation, and how questions are asked."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from server.api.schemas.agent import ToolDetails
from server.api.schemas.chat import ChatChoices, Source
from server.api.schemas.conversations import ConversationDetails
from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from server.api.schemas.models import ModelStateDetails

Mode = Literal["llm", "knowledge_base", "file", "search_engine", "agent"]
MODES: tuple[Mode, ...] = get_args(Mode)

PROMPT_GROUPS: dict[Mode, str] = {
    "llm": "llm_chat",
    "knowledge_base": "knowledge_base_chat",
    "file": "knowledge_base_chat",
    "search_engine": "search_engine_chat",
    "agent": "agent_chat",
}
KEPT_MODES: dict[str, Mode] = {
    "llm_chat": "llm",
    "knowledge_base_chat": "knowledge_base",
    "file_chat": "file",
    "search_engine_chat": "search_engine",
    "agent_chat": "agent",
}
"""Modes by the name the API keeps them under."""
DEFAULT_PROMPT = "default"


@dataclass
class ToolStep:
    """One call of a tool by an agent; `thought` is what the model said before it."""

    id: str
    name: str
    arguments: dict[str, Any]
    output: str = ""
    error: str = ""
    thought: str = ""
    done: bool = False


@dataclass
class Turn:
    """One question and what came back. `sources` is None when no documents were asked.

    `message_id` is what the API calls it, empty while it is not known. `trimmed` is how many messages and hits did not
    fit into the model. `cut` says that the connection to the API broke, which the page as a whole tells while it lasts.
    """

    question: str
    answer: str = ""
    sources: list[Source] | None = None
    error: str = ""
    cut: bool = False
    stopped: bool = False
    message_id: str = ""
    model: str = ""
    rewritten: str = ""
    finish_reason: str = ""
    notices: list[str] = field(default_factory=list)
    trimmed: tuple[int, int] = (0, 0)
    steps: list[ToolStep] = field(default_factory=list)
    feedback: int | None = None
    direct: bool = False


@dataclass
class ChatOptions:
    """How to ask. `relevance_floor` is in percent; no `tools` means all that are ready; no `model` that of the API."""

    temperature: float
    top_k: int
    relevance_floor: int
    history_length: int
    mode: Mode = "knowledge_base"
    knowledge_bases: list[str] = field(default_factory=list)
    model: str = ""
    prompt: str = DEFAULT_PROMPT
    search_engine: str = ""
    read_pages: bool = False
    tools: list[str] | None = None
    return_direct: bool = False

    @property
    def score_threshold(self) -> float:
        """The floor as the distance in [0, 2] that the API takes."""
        return 2 * (1 - self.relevance_floor / 100)

    @property
    def searches(self) -> bool:
        """Whether the mode looks something up before the model answers."""
        return self.mode in ("knowledge_base", "file", "search_engine")


@dataclass
class Offer:
    """What a question can choose from at the moment `asked_at` (of the monotonic clock)."""

    knowledge_bases: list[KnowledgeBaseDetails]
    models: list[ModelStateDetails] = field(default_factory=list)
    choices: ChatChoices = field(default_factory=ChatChoices)
    tools: dict[str, ToolDetails] | None = None
    asked_at: float = 0.0

    @property
    def default_model(self) -> str:
        """The model that answers when none is named, but for an agent."""
        return next((model.name for model in self.models if model.default), "")

    def model_of(self, mode: Mode) -> str:
        """The model that answers in a mode when none is named."""
        return self.choices.agent_model if mode == "agent" else self.default_model


@dataclass
class ChatState:
    """The open conversation. An empty `conversation_id` is a new one.

    `wanted` is a conversation to be opened, `chosen` what its menu is to do with one, `page` that of the list.
    `unwanted` are dropped files to be removed, all where it is empty.
    `restored` says that the choices of the last use were looked for, `reseed` that the widgets must take the options.
    `editing` is the number of the turn whose question is being changed.
    """

    options: ChatOptions
    conversation_id: str = ""
    title: str = ""
    turns: list[Turn] = field(default_factory=list)
    pending_question: str = ""
    knowledge_id: str = ""
    shown: int = 0
    editing: int | None = None
    redo: tuple[int, str] | None = None
    restored: bool = False
    reseed: bool = False
    wanted: str = ""
    chosen: tuple[str, ConversationDetails] | None = None
    unwanted: list[str] | None = None
    page: int = 1
    offer: Offer | None = None

    def take_pending_question(self) -> str:
        """The question a button left, once."""
        question, self.pending_question = self.pending_question, ""
        return question

    def leave(self) -> None:
        """Begin a new conversation; how questions are asked stays."""
        self.conversation_id, self.title, self.knowledge_id = "", "", ""
        self.turns, self.editing, self.redo, self.shown = [], None, None, 0
        self.unwanted = None
