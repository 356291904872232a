"""What is known of services with an OpenAI-compatible API: data only, no code knows a service by name."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Preset:
    """One service.

    `base_url` is empty where every customer has an address of their own. `key_env` is the variable its own tools read;
    a service on this machine works without a key. `lists` says whether GET /models works, `rerank` is the address of
    its rerank route, or a path behind `base_url`. `usage` says that it counts tokens of a stream when asked to,
    `limit` how it calls the longest answer. `batch` is the number of texts that it embeds at once. `extra` are
    parameters of sampling that it takes beyond OpenAI's; others would refuse the request because of them.
    """

    title: str
    base_url: str
    key_env: str = ""
    auth: Literal["bearer", "api-key"] = "bearer"
    needs_key: bool = True
    lists: bool = True
    chat: bool = True
    embeddings: bool = True
    rerank: str = ""
    usage: bool = True
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    batch: int = 32
    extra: tuple[str, ...] = ()


_SAMPLING = ("top_k", "repetition_penalty")


def _local(title: str, port: int, **facts: str | bool | tuple[str, ...]) -> Preset:
    return Preset(title, f"http://127.0.0.1:{port}/v1", needs_key=False, **facts)  # pyright: ignore[reportArgumentType]


PRESETS: dict[str, Preset] = {
    "openai": Preset("OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", limit="max_completion_tokens"),
    "azure": Preset("Azure OpenAI", "", "AZURE_OPENAI_API_KEY", auth="api-key", limit="max_completion_tokens"),
    "deepseek": Preset("DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", embeddings=False),
    "zhipu": Preset(
        "Zhipu GLM", "https://open.bigmodel.cn/api/paas/v4", "ZHIPUAI_API_KEY", lists=False, rerank="/rerank"
    ),
    "qwen": Preset(
        "Qwen (DashScope)",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        lists=False,
        batch=10,
        extra=("top_k",),
        rerank="https://dashscope.aliyuncs.com/compatible-api/v1/reranks",
    ),
    "moonshot": Preset("Moonshot", "https://api.moonshot.cn/v1", "MOONSHOT_API_KEY", embeddings=False),
    "minimax": Preset(
        "MiniMax", "https://api.minimaxi.com/v1", "MINIMAX_API_KEY", lists=False, embeddings=False, usage=False
    ),
    "baichuan": Preset(
        "Baichuan", "https://api.baichuan-ai.com/v1", "BAICHUAN_API_KEY", lists=False, usage=False, batch=16
    ),
    "qianfan": Preset(
        "Baidu Qianfan", "https://qianfan.baidubce.com/v2", "QIANFAN_API_KEY", rerank="/rerank", batch=16
    ),
    "spark": Preset(
        "iFlytek Spark",
        "https://spark-api-open.xf-yun.com/v1",
        "SPARK_API_KEY",
        lists=False,
        embeddings=False,
        usage=False,
    ),
    "ark": Preset("Volcengine Ark", "https://ark.cn-beijing.volces.com/api/v3", "ARK_API_KEY", lists=False),
    "gemini": Preset(
        "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", usage=False
    ),
    "siliconflow": Preset(
        "SiliconFlow", "https://api.siliconflow.cn/v1", "SILICONFLOW_API_KEY", rerank="/rerank", extra=("top_k",)
    ),
    "openrouter": Preset("OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", extra=_SAMPLING),
    "ollama": _local("Ollama", 11434),
    "xinference": _local("Xinference", 9997, rerank="/rerank", extra=_SAMPLING),
    "vllm": _local("vLLM", 8000, key_env="VLLM_API_KEY", rerank="/rerank", extra=_SAMPLING),
    "lmstudio": _local("LM Studio", 1234, extra=("top_k",)),
    "llamacpp": _local("llama.cpp", 8080, key_env="LLAMA_API_KEY", rerank="/rerank", extra=("top_k",)),
    "localai": _local("LocalAI", 8080, rerank="/rerank", extra=("top_k",)),
    "oneapi": _local("One API", 3000, key_env="ONE_API_KEY"),
}

UNNAMED = Preset("OpenAI-compatible service", "", needs_key=False, rerank="/rerank")
"""What is assumed of a service that is given by its address alone."""
