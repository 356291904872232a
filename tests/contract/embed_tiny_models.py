"""Tiny models with random weights in the folders that hubs keep: one for each family's way of pooling."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[END]"]
WORDS = (
    "query passage : 为 这 个 句 子 生 成 表 示 以 用 于 检 索 相 关 文 章 ： 报 销 退 款 the refund policy of cat mat"
)
MODULES = ("Transformer", "Pooling", "Normalize")
LONGEST = 24


@dataclass(frozen=True)
class Tiny:
    """`name` decides the family, `kind` the network, `pooling` what becomes of its states."""

    name: str
    kind: str
    pooling: str
    query: str = ""
    passage: str = ""
    prompts: dict[str, str] = field(default_factory=dict)


def save(tiny: Tiny, folder: Path) -> None:
    """Write the folder as its authors would have done."""
    import torch

    torch.manual_seed(7)
    size = _save_tokenizer(folder, causal=tiny.kind == "qwen3")
    _network(tiny.kind, size).save_pretrained(folder)
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "", "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(MODULES)
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": LONGEST, "do_lower_case": False})
    _write(folder / "1_Pooling" / "config.json", _pooling(tiny.pooling))
    (folder / "2_Normalize").mkdir()
    if tiny.prompts:
        _write(folder / "config_sentence_transformers.json", {"prompts": tiny.prompts, "default_prompt_name": None})


def wanted(tiny: Tiny, folder: Path, text: str) -> list[float]:
    """The vector of one text, computed with transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    features = tokenizer(text, truncation=True, max_length=LONGEST, return_tensors="pt")
    with torch.inference_mode():
        states = model(**features).last_hidden_state[0]
    vector = {"mean": states.mean(0), "cls": states[0], "lasttoken": states[-1]}[tiny.pooling]
    return torch.nn.functional.normalize(vector, dim=0).tolist()


def _network(kind: str, size: int) -> Any:
    from transformers import BertConfig, BertModel, Qwen3Config, Qwen3Model, XLMRobertaConfig, XLMRobertaModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    common = {**sizes, "vocab_size": size, "pad_token_id": 0, "initializer_range": 0.5}
    if kind == "qwen3":
        return Qwen3Model(Qwen3Config(**common, num_key_value_heads=1, head_dim=8, max_position_embeddings=64))
    if kind == "xlm-roberta":
        return XLMRobertaModel(XLMRobertaConfig(**common, max_position_embeddings=64, type_vocab_size=1))
    return BertModel(BertConfig(**common, max_position_embeddings=64))


def _save_tokenizer(folder: Path, *, causal: bool) -> int:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *WORDS.split()])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    split = [pre_tokenizers.Whitespace(), pre_tokenizers.Split(_chinese(), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    form = "$A [END]" if causal else "[CLS] $A [SEP]"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=form, special_tokens=[(word, vocabulary[word]) for word in SPECIAL if word in form]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        padding_side="left" if causal else "right",
        model_input_names=["input_ids", "attention_mask"],
    )
    fast.save_pretrained(folder)
    return len(vocabulary)


def _chinese() -> Any:
    from tokenizers import Regex

    return Regex(r"[\u4e00-\u9fff：]")


def _pooling(mode: str) -> dict[str, Any]:
    names = {
        "cls": "pooling_mode_cls_token",
        "mean": "pooling_mode_mean_tokens",
        "lasttoken": "pooling_mode_lasttoken",
    }
    return {"word_embedding_dimension": 16, **{name: kind == mode for kind, name in names.items()}}


def _write(file: Path, content: Any) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
