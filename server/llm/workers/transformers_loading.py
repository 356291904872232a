"""Load a model, its tokenizer and its adapters from a folder. Imports torch."""

import importlib.util
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from server.llm.workers.transformers_devices import (
    STORED,
    bytes_needed,
    check_room,
    pick_cards,
    pick_device,
    pick_dtype,
    placement,
)
from server.llm.workers.transformers_failures import LoadFailed, PromptRefused, missing_package
from server.llm.workers.transformers_progress import log_progress
from server.llm.workers.transformers_prompt import ChatPrompt

UNKNOWN_WINDOW = 2048
# What reads weights that were quantised by their makers, by the name in their config.json.
_READERS = {
    "awq": ("gptqmodel",),
    "gptq": ("gptqmodel", "optimum"),
    "bitsandbytes": ("bitsandbytes",),
    "compressed-tensors": ("compressed_tensors",),
}


@dataclass(frozen=True)
class Loaded:
    """A model that can be asked. `window` is its context in tokens."""

    model: Any
    tokenizer: Any
    prompt: ChatPrompt
    device: str
    window: int


def load(options: Namespace) -> Loaded:
    """Load what the options name.

    Raises:
        LoadFailed: with the reason; the libraries raise their own errors besides.
    """
    folder = Path(options.model_path)
    if options.threads:
        torch.set_num_threads(options.threads)
    config = AutoConfig.from_pretrained(folder, trust_remote_code=options.trust_remote_code)
    prequantized = _check_quantization(config, options.quantization)
    device = pick_device(options.device)
    cards = pick_cards(device, options.num_gpus, options.replica)
    stored = config.dtype if isinstance(config.dtype, torch.dtype) else None
    dtype = pick_dtype(options.dtype, stored, device)
    quantization = STORED if prequantized else options.quantization
    check_room(bytes_needed(folder, stored, dtype, quantization), device, cards)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=options.trust_remote_code)
    prompt = _prompt(tokenizer, options)
    log_progress()
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        dtype=stored if prequantized else dtype,
        attn_implementation=options.attention or None,
        trust_remote_code=options.trust_remote_code,
        quantization_config=_bitsandbytes(options.quantization, dtype),
        **placement(device, cards, options.max_gpu_memory),
    )
    _check_placed(model)
    model = _with_adapters(model, options.adapter, quantized=bool(quantization)).eval()
    return Loaded(model, tokenizer, prompt, device, _window(config, options.window))


def _check_quantization(config: Any, asked: str) -> bool:
    """Whether the weights are quantised already; raises `LoadFailed` when they cannot be read or quantised so."""
    made_by = (getattr(config, "quantization_config", None) or {}).get("quant_method")
    if made_by and asked:
        raise LoadFailed(
            f'is quantised already ({made_by}); set quantization = ""',
            f'已经过量化（{made_by}），请设置 quantization = ""',
        )
    packages = _READERS.get(str(made_by), ()) if made_by else ("bitsandbytes",) if asked else ()
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise missing_package(package.replace("_", "-"))
    return bool(made_by)


def _bitsandbytes(quantization: str, dtype: torch.dtype) -> Any:
    if not quantization:
        return None
    from transformers import BitsAndBytesConfig

    if quantization == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def _check_placed(model: Any) -> None:
    outside = [place for place in (getattr(model, "hf_device_map", None) or {}).values() if place in ("cpu", "disk")]
    if outside and model.device.type != "cpu":
        raise LoadFailed(
            "does not fit on the cards: parts of it would run on the processor, very slowly. Raise max_gpu_memory or "
            'num_gpus, or set quantization = "4bit"',
            "在显卡上放不下，部分会落到处理器上，速度极慢。请调大 max_gpu_memory 或 num_gpus，"
            '或设置 quantization = "4bit"',
        )


def _with_adapters(model: Any, adapters: Sequence[str], *, quantized: bool) -> Any:
    """Put LoRA adapters on, in order. They are merged into the weights, which costs nothing later, unless these are
    quantised: then one adapter is kept beside them."""
    if not adapters:
        return model
    if importlib.util.find_spec("peft") is None:
        raise missing_package("peft")
    from peft import PeftModel

    if quantized and len(adapters) > 1:
        raise LoadFailed(
            "takes one adapter only when it is quantised; merge the adapters first",
            "量化后只能使用一个 adapter，请先合并",
        )
    for folder in adapters:
        if not (Path(folder) / "adapter_config.json").is_file():
            name = Path(folder).name
            raise LoadFailed(
                f"has no adapter in the folder {name}: adapter_config.json is missing there; see the setting adapters",
                f"的 adapter 目录 {name} 中没有 adapter_config.json，请检查设置 adapters",
            )
        model = PeftModel.from_pretrained(model, folder)
        if not quantized:
            model = model.merge_and_unload()
    return model


def _prompt(tokenizer: Any, options: Namespace) -> ChatPrompt:
    template = _template(options.chat_template)
    if template is None and not tokenizer.chat_template:
        raise LoadFailed(
            "has no chat template, so it is no chat model, or an old one: name a file with its template in the setting "
            'chat_template, or set engine = "fastchat"',
            '没有对话模板，可能不是对话模型或版本较旧：请在 chat_template 中指定模板文件，或改用 engine = "fastchat"',
        )
    try:
        return ChatPrompt(tokenizer, template, json.loads(options.chat_template_args))
    except PromptRefused as error:
        raise LoadFailed(f"cannot be used: {error}", f"无法使用：{error}") from error


def _template(file: str) -> str | None:
    if not file:
        return None
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        name = Path(file).name
        raise LoadFailed(
            f"cannot be used: the file {name} of the setting chat_template cannot be read",
            f"无法使用：设置 chat_template 指定的文件 {name} 无法读取",
        ) from error
    return json.loads(text)["chat_template"] if file.endswith(".json") else text


def _window(config: Any, asked: int) -> int:
    """The context: as set, else what the positions of the model allow."""
    if asked:
        return asked
    text = config.get_text_config()
    rope = getattr(text, "rope_parameters", None) or {}
    stretched = (rope.get("factor") or 1) * (rope.get("original_max_position_embeddings") or 0)
    names = ("max_position_embeddings", "seq_length", "max_sequence_length", "n_positions", "n_ctx")
    made_for = next((length for name in names if (length := getattr(text, name, None))), UNKNOWN_WINDOW)
    return max(int(made_for), int(stretched))
