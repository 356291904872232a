"""How a chat model on this machine is loaded and served."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from configs.sections.base import Section


class SamplingDefaults(Section):
    """What holds where a request does not say it; None leaves it to the model's own generation_config.json."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=-1)
    repetition_penalty: float | None = Field(default=None, gt=0)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)


class LocalModel(Section):
    """Settings of the engines "transformers" and "vllm".

    `gpus` lists the cards the process may see ("0,1"), `num_gpus` how many of them one copy of the model spreads over,
    `max_gpu_memory` how much of each transformers may fill ("20GiB"), `gpu_memory_utilization` which share of each vLLM
    takes. `threads` counts processor threads, 0 for all. `chat_template_args` are told to the chat template, such as
    `enable_thinking`. `replicas` are workers of the same model. `extra_args` go to
    `vllm serve`.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantization: str = ""
    adapters: list[str] = Field(default=[])
    trust_remote_code: bool = False
    gpus: str = Field(default="", pattern=r"^(\d+(,\d+)*)?$")
    num_gpus: int = Field(default=1, ge=1)
    max_gpu_memory: str = Field(default="", pattern=r"^(\d+(\.\d+)?[KMGT]i?B)?$")
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    replicas: int = Field(default=1, ge=1)
    attention: str = ""
    chat_template: str = ""
    chat_template_args: dict[str, bool | int | str] = Field(default={})
    generation: SamplingDefaults = SamplingDefaults()
    threads: int = Field(default=0, ge=0)
    extra_args: list[str] = Field(default=[])


NOT_TAKEN: Mapping[str, tuple[str, ...]] = {
    "transformers": ("extra_args",),
    "vllm": ("adapters", "attention", "threads", "max_gpu_memory"),
    "fastchat": ("adapters", "attention", "chat_template", "chat_template_args", "generation", "extra_args"),
    "provider": tuple(LocalModel.model_fields),
}
"""What an engine can make nothing of. To leave it unsaid would be to leave it unnoticed."""


class Vllm(Section):
    """The separate environment of vLLM; a relative path starts at the project folder."""

    executable: str
