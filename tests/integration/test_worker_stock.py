"""FastChat's own model worker on a tiny random Qwen2, made here."""

import openai
import pytest
from fastchat_services import Fabric

pytest.importorskip("torch")

NAME = "Qwen2.5-tiny"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("weights") / NAME
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["知问支持哪些文件格式 hello world"] * 5, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=512
    )
    fast.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def fabric(tmp_path_factory, weights):
    fabric = Fabric(tmp_path_factory.mktemp("fabric"))
    try:
        fabric.controller()
        fabric.api = fabric.openai_api()
        fabric.stock = fabric.worker("stock", NAME, "--model-path", str(weights), "--device", "cpu")
        fabric.wait_for(NAME)
        yield fabric
    finally:
        fabric.close()


@pytest.fixture
def client(fabric):
    with openai.OpenAI(base_url=f"{fabric.api.url}/v1", api_key="x", max_retries=0, timeout=30) as client:
        yield client


def test_chat_and_stream(client):
    messages = [{"role": "user", "content": [{"type": "text", "text": "知问支持哪些文件格式"}]}]
    answer = client.chat.completions.create(model=NAME, messages=messages, max_completion_tokens=5)
    assert 0 < answer.usage.completion_tokens <= 5
    chunks = list(client.chat.completions.create(model=NAME, messages=messages, max_tokens=8, stream=True))
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")


def test_more_embeddings_than_places_in_the_queue(client):
    for _ in range(7):
        answer = client.embeddings.create(model=NAME, input=["知问", "hello world"])
    assert [len(one.embedding) for one in answer.data] == [32, 32]
    assert sum(value * value for value in answer.data[0].embedding) == pytest.approx(1, abs=1e-3)


def test_it_ends_in_time(fabric):
    assert fabric.stock.end() < 2
    fabric.processes.remove(fabric.stock)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (None, "error: broken has no weights here. Fetch them: python startup.py --download broken"),
        ("{", "error: broken has incomplete or damaged files"),
        ('{"auto_map": {"AutoConfig": "own.Config"}}', "error: broken brings code of its own"),
    ],
)
def test_weights_that_cannot_be_loaded(tmp_path, config, reason):
    if config:
        (tmp_path / "config.json").write_text(config)
    fabric = Fabric(tmp_path)
    worker = fabric.worker("stock", "broken", "--model-path", str(tmp_path))
    assert worker.popen.wait(60) == 1
    en, zh = worker.log.read_text().strip().splitlines()[-2:]
    assert en.startswith(reason)
    assert zh.startswith("错误：broken ")
