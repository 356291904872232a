"""Every word of the page, in Chinese and English: the only place of the web UI that holds text for people.

A label is declared once with both languages, so neither can be forgotten; `Labels("zh").send` gives the text. Places
in braces are filled with `str.format` by the caller.
"""

from webui_pages.labels.answers import AnswerLabels
from webui_pages.labels.base import LANGUAGES, Label
from webui_pages.labels.chat import ChatLabels
from webui_pages.labels.chunks import ChunkLabels
from webui_pages.labels.conversations import ConversationLabels
from webui_pages.labels.files import FileLabels
from webui_pages.labels.frame import FrameLabels
from webui_pages.labels.knowledge_base import KnowledgeBaseLabels
from webui_pages.labels.models import ModelLabels
from webui_pages.labels.system import SystemLabels
from webui_pages.labels.upkeep import UpkeepLabels

__all__ = ["LANGUAGES", "Label", "Labels"]


class Labels(
    FrameLabels,
    ChatLabels,
    AnswerLabels,
    ConversationLabels,
    KnowledgeBaseLabels,
    FileLabels,
    ChunkLabels,
    UpkeepLabels,
    ModelLabels,
    SystemLabels,
):
    """The whole table."""
