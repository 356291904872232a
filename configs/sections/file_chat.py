"""Files that are dropped into a chat and kept for a while."""

from pydantic import Field

from configs.sections.base import Section


class FileChat(Section):
    """Limits of file chat."""

    lifetime_s: float = Field(gt=0)
    max_chats: int = Field(ge=1)
    max_files: int = Field(ge=1)
    max_mb: int = Field(ge=1)
    max_chunks: int = Field(ge=1)
