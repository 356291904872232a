"""Models under the names that clients of 0.2.10 send because their own settings hold them: `models.aliases`.

A name counts as itself wherever a model of that name is configured and, for embedding models, can run here.
"""

from configs.settings import Settings
from server.llm.catalog import why_not_here
from server.llm.providers import find_model


def chat_model(settings: Settings, name: str) -> str:
    """The chat model that is meant; empty means the default one."""
    if name in settings.models.llm or find_model(settings, name):
        return name
    return settings.models.aliases.get(name, name)


def embed_model(settings: Settings, name: str) -> str:
    """The embedding model that is meant; empty means the default one, or that of the knowledge base."""
    configured = settings.models.embed.get(name)
    if configured is not None and why_not_here(settings, name, configured) is None:
        return name
    return settings.models.aliases.get(name, name)
