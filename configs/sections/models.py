"""Which models there are, and which are preferred."""

from typing import Literal

from pydantic import Field, model_validator

from configs.sections.base import Section
from configs.sections.local_models import NOT_TAKEN, LocalModel, Vllm

EVERY_OTHER = "*"
"""In `llm_preference`: every other chat model of the settings, those of providers too, but no built-in one."""


class LlmModel(LocalModel):
    """One chat model. `path` is a folder with weights; without it `<paths.models>/<name>` is looked at. `repo` is where
    they are fetched from, `modelscope` its id at ModelScope where that is another one.

    With engine "provider", `provider` names a table of `providers` and `model` the model there (default: the same
    name); `tools` says that it calls tools. `window` is how many tokens prompt and answer may have together; 0 = what
    the weights say.
    """

    engine: Literal["builtin", "fake", "fastchat", "transformers", "vllm", "provider"]
    provider: str = ""
    model: str = ""
    tools: bool = False
    window: int = Field(default=0, ge=0)
    repo: str = ""
    modelscope: str = ""
    path: str = ""
    device: str = ""
    port: int = Field(default=0, ge=0, le=65535)

    @model_validator(mode="after")
    def _engine_can_do_it(self) -> "LlmModel":
        if self.engine == "transformers" and self.quantization not in ("", "8bit", "4bit"):
            raise ValueError('quantization is "", "8bit" or "4bit"; weights made as AWQ or GPTQ need no setting')
        if self.engine == "fastchat" and self.quantization not in ("", "8bit"):
            raise ValueError('quantization with engine "fastchat" is "" or "8bit"')
        unused = [name for name in NOT_TAKEN.get(self.engine, ()) if getattr(self, name) != _default_of(name)]
        if unused:
            raise ValueError(f'engine = "{self.engine}" knows no {", ".join(unused)}; take it out')
        if self.replicas > 1 and self.port:
            raise ValueError("several replicas cannot share one port: leave port at 0")
        return self


def _default_of(name: str) -> object:
    return LlmModel.model_fields[name].default


class EmbedModel(Section):
    """One embedding model.

    `query_instruction` is put in front of questions, `passage_instruction` of documents; None leaves it to the model's
    family (server/llm/embedding_families.py). `max_length` is in tokens, 0 for what the model was made for.
    """

    engine: Literal["builtin", "fake", "sentence-transformers", "provider"]
    provider: str = ""
    model: str = ""
    repo: str = ""
    modelscope: str = ""
    path: str = ""
    device: str = ""
    query_instruction: str | None = None
    passage_instruction: str | None = None
    backend: Literal["auto", "torch", "onnx"] = "auto"
    quantize: Literal["", "int8"] = ""
    max_length: int = Field(default=0, ge=0)


class RerankModel(Section):
    """One rerank model.

    `border` is the score of the model above which a text answers the question; it becomes the relevance 0.5.
    `instruction` tells models that take one what is looked for. `max_length` is in tokens, question and text together.
    """

    engine: Literal["cross-encoder", "provider", "fake"]
    provider: str = ""
    model: str = ""
    repo: str = ""
    modelscope: str = ""
    path: str = ""
    device: str = ""
    max_length: int = Field(default=512, ge=16)
    instruction: str = ""
    border: float = Field(default=0.5, gt=0, lt=1)


class Models(Section):
    """Which models there are, and which one is preferred."""

    llm_preference: list[str] = Field(min_length=1)
    embed_preference: list[str] = Field(min_length=1)
    rerank_preference: list[str]
    device: Literal["auto", "cpu", "cuda", "mps", "xpu", "npu"]
    hub: Literal["auto", "huggingface", "modelscope"]
    hub_mirror: str
    aliases: dict[str, str]
    vllm: Vllm
    llm: dict[str, LlmModel]
    embed: dict[str, EmbedModel]
    rerank: dict[str, RerankModel]
