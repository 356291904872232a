"""Make tiny chat models with random weights and a small trained tokenizer, for tests of whatever runs models."""

from pathlib import Path

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
INST = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content %}"
    "{% set messages = messages[1:] %}{% endif %}{% for message in messages %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}"
    "{% endif %}"
    "{% if message.role == 'user' %}[INST] {% if loop.first and system is defined %}<<SYS>>\n{{ system }}\n<</SYS>>\n\n"
    "{% endif %}{{ message.content | trim }} [/INST]{% else %} {{ message.content | trim }}{{ eos_token }}{% endif %}"
    "{% endfor %}"
)
GLM = (
    "[gMASK]<sop>{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
WINDOW = 512
_TEXTS = [
    "知问支持哪些文件格式？",
    "hello world, what is the capital of France?",
    "system user assistant [INST] [/INST] <<SYS>>",
]
_SPECIAL = {
    "qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "llama": ["<unk>", "<s>", "</s>"],
    "glm": ["<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"],
}
_TEMPLATE = {"qwen2": CHATML, "llama": INST, "glm": GLM}
_END = {"qwen2": "<|im_end|>", "llama": "</s>", "glm": "<|user|>"}


def make_tokenizer(kind: str):
    """A byte-level tokenizer with the control tokens and the template of its family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=_SPECIAL[kind], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(_TEXTS * 5, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>" if kind == "llama" else None,
        eos_token=_END[kind],
        pad_token=_SPECIAL[kind][0],
        additional_special_tokens=_SPECIAL[kind],
        chat_template=_TEMPLATE[kind],
        model_max_length=WINDOW,
    )


def make_model(folder: Path, kind: str, *, endless: bool = False) -> Path:
    """Weights and tokenizer in a folder. An `endless` model never says that it is done, and has a larger window."""
    import torch
    from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    config_class, model_class = {
        "qwen2": (Qwen2Config, Qwen2ForCausalLM),
        "llama": (LlamaConfig, LlamaForCausalLM),
        "glm": (GlmConfig, GlmForCausalLM),
    }[kind]
    tokenizer = make_tokenizer(kind)
    config = config_class(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=8 * WINDOW if endless else WINDOW,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.5,  # sharp enough that no two tokens are nearly as probable
    )
    torch.manual_seed(0)
    model = model_class(config)
    if endless:
        model.lm_head.weight.data[tokenizer.all_special_ids] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def add_adapter(model_folder: Path, folder: Path) -> Path:
    """A LoRA adapter that changes what the model of the folder says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(model_folder),
        LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False),
    )
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora" in name:
            torch.nn.init.normal_(weight)
    model.save_pretrained(str(folder))
    return folder
