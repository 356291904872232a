"""The knowledge API as methods: requests and answers are the schemas, failures are `ApiFailed`."""

from webui_pages.client.chat import AnswerPart, ChatCalls
from webui_pages.client.chunks import ChunkCalls
from webui_pages.client.conversations import CONVERSATION_GONE, Around, ConversationCalls
from webui_pages.client.files import FileCalls
from webui_pages.client.knowledge_bases import KnowledgeBaseCalls
from webui_pages.client.line import Line
from webui_pages.client.models import ModelCalls
from webui_pages.client.search import SearchCalls
from webui_pages.client.system import SystemCalls
from webui_pages.client.transport import API_AWAY, ApiFailed, open_http
from webui_pages.client.upkeep import UpkeepCalls

__all__ = ["API_AWAY", "CONVERSATION_GONE", "AnswerPart", "ApiClient", "ApiFailed", "Around", "Line", "open_http"]


class ApiClient(
    ChatCalls,
    ConversationCalls,
    KnowledgeBaseCalls,
    FileCalls,
    ChunkCalls,
    SearchCalls,
    UpkeepCalls,
    SystemCalls,
    ModelCalls,
):
    """All calls, in the language of one session. Every method raises `ApiFailed`."""
