"""A chat model as LangChain's `ChatOpenAI`, which its agents want. Streaming chats do not come this way."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from server.llm.generation import Generation
from server.llm.providers import Endpoint

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI


def chat_model(endpoint: Endpoint, generation: Generation) -> "ChatOpenAI":
    """A LangChain chat model on an OpenAI-compatible API. The first call imports for about a second."""
    import httpx
    from langchain_openai import ChatOpenAI

    # Its default clients are shared by all event loops, and would take proxies to loopback.
    way = {"trust_env": not endpoint.is_local, "proxy": endpoint.proxy or None, "timeout": endpoint.timeout_s}
    # LangChain knows only OpenAI's newest name of the limit, most services only the older one.
    limit = {endpoint.preset.limit: generation.max_tokens} if generation.max_tokens else None
    base_url, query = endpoint.base(generation.model)
    return ChatOpenAI(
        model=generation.model,
        base_url=base_url,
        default_query=query or None,
        api_key=SecretStr(endpoint.key or "none"),
        default_headers=dict(endpoint.headers),
        temperature=generation.temperature,
        top_p=generation.top_p,
        seed=generation.seed,
        stop_sequences=list(generation.stop) or None,
        max_retries=endpoint.max_retries,
        timeout=endpoint.timeout_s,
        stream_chunk_timeout=None,
        http_client=httpx.Client(**way),
        http_async_client=httpx.AsyncClient(**way),
        extra_body=limit,
    )
