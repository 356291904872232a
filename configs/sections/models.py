"""Which models there are, and which are preferred."""

from typing import Literal

from pydantic import Field, model_validator

from configs.sections.base import Section


class LlmModel(Section):
    """One chat model. `path` is a folder with weights; without it `<paths.models>/<name>` is looked at.

    With engine "provider", `provider` names a table of `providers` and `model` the model there (default: the same name);
    `tools` says that it calls tools. `window` is how many tokens prompt and answer may have together; 0 = what the
    weights say.
    """

    engine: Literal["builtin", "fake", "fastchat", "provider"]
    provider: str = ""
    model: str = ""
    tools: bool = False
    window: int = Field(default=0, ge=0)
    repo: str = ""
    path: str = ""
    device: str = ""
    port: int = Field(default=0, ge=0, le=65535)


class EmbedModel(Section):
    """One embedding model; `query_instruction` is put in front of questions, `passage_instruction` of documents."""

    engine: Literal["builtin", "fake", "sentence-transformers", "provider"]
    provider: str = ""
    model: str = ""
    repo: str = ""
    path: str = ""
    device: str = ""
    query_instruction: str = ""
    passage_instruction: str = ""


class Models(Section):
    """Which models there are, and which one is preferred."""

    llm_preference: list[str] = Field(min_length=1)
    embed_preference: list[str] = Field(min_length=1)
    device: Literal["auto", "cpu", "cuda", "mps", "xpu", "npu"]
    llm: dict[str, LlmModel]
    embed: dict[str, EmbedModel]

    @model_validator(mode="after")
    def _preferences_exist(self) -> "Models":
        for kind in ("llm", "embed"):
            for name in getattr(self, f"{kind}_preference"):
                if name not in getattr(self, kind):
                    raise ValueError(f'{kind}_preference names "{name}", but there is no [models.{kind}."{name}"]')
        return self
