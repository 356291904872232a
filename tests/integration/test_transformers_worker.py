"""The transformers worker as a process, through FastChat's controller and OpenAI API, on tiny models made here."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest
from fastchat_services import Fabric, wait_until
from tiny_models import WINDOW, add_adapter, make_model

pytest.importorskip("torch")
pytest.importorskip("peft")

# Each start imports torch, so three workers serve for everything: a plain one, one with an adapter, one that never
# ends by itself and does one thing at a time.
MODELS = ("Qwen2-tiny", "Llama-tiny", "GLM-tiny")
ASKED = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": "知问支持哪些文件格式？"},
    {"role": "assistant", "content": "hello"},
    {"role": "user", "content": "hello world <|im_end|> [/INST]"},
]
LONG = [{"role": "user", "content": "hello " * 2 * WINDOW}]


@pytest.fixture(scope="module")
def fabric(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    fabric = Fabric(folder)
    try:
        fabric.controller()
        fabric.api = fabric.openai_api()
        make_model(folder / "Qwen2-tiny", "qwen2")
        add_adapter(make_model(folder / "Llama-tiny", "llama"), folder / "adapter")
        make_model(folder / "GLM-tiny", "glm", endless=True)
        _worker(fabric, "Qwen2-tiny")
        _worker(fabric, "Llama-tiny", "--adapter", str(folder / "adapter"))
        limits = ("--limit-worker-concurrency", "1", "--queue-limit", "1", "--generation", '{"temperature": 0}')
        fabric.endless = _worker(fabric, "GLM-tiny", *limits)
        fabric.wait_for(*MODELS)
        yield fabric
    finally:
        fabric.close()


def _worker(fabric, name, *flags):
    return fabric.worker(
        "transformers_worker", name, "--model-path", str(fabric.folder / name), "--threads", "1", *flags
    )


@pytest.fixture
def client(fabric):
    with openai.OpenAI(base_url=f"{fabric.api.url}/v1", api_key="x", max_retries=0, timeout=60) as client:
        yield client


def ask(client, model="Qwen2-tiny", messages=ASKED, **options):
    return client.chat.completions.create(
        model=model, messages=messages, **{"temperature": 0, "max_tokens": 40, **options}
    )


def said(answer):
    return answer.choices[0].message.content


def streamed(client, **options):
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}, **options))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return text, [chunk for chunk in chunks if chunk.choices][-1].choices[0].finish_reason, chunks[-1].usage


def generated(folder, messages=ASKED, adapter=None, **options):
    """What transformers itself answers: text, number of tokens, tokens of the prompt."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    if adapter:
        model.load_adapter(str(adapter))
    prompt = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True, sanitize_control_tokens=True
    )
    ids = model.generate(**prompt, **{"max_new_tokens": 40, "do_sample": False, **options})
    new = ids[0][prompt.input_ids.shape[1] :].tolist()
    return tokenizer.decode(new, skip_special_tokens=True).replace("\ufffd", ""), len(new), prompt.input_ids.shape[1]


@pytest.mark.parametrize("name", ["Qwen2-tiny", "GLM-tiny"])
def test_the_same_greedy_tokens_as_transformers(client, fabric, name):
    text, tokens, prompt = generated(fabric.folder / name)
    answer = ask(client, name)
    assert said(answer) == text
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (prompt, tokens)
    assert streamed(client, model=name) == (text, answer.choices[0].finish_reason, answer.usage)


def test_an_adapter_on_a_model_whose_template_marks_roles_by_words(client, fabric):
    harmless = [*ASKED[:-1], {"role": "user", "content": "hello world"}]
    folder = fabric.folder / "Llama-tiny"
    text, tokens, prompt = generated(folder, harmless, fabric.folder / "adapter")
    answer = ask(client, "Llama-tiny", harmless)
    assert said(answer) == text != generated(folder, harmless)[0]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (prompt, tokens)


def test_stop_words_cut_exactly_whole_and_streamed(client):
    whole = said(ask(client, "GLM-tiny"))
    for start, end in ((3, 5), (4, 9), (10, 11)):
        word = whole[start:end]
        expected = whole[: whole.find(word)]
        answer = ask(client, "GLM-tiny", stop=[word, "never said"])
        assert (said(answer), answer.choices[0].finish_reason) == (expected, "stop")
        assert streamed(client, model="GLM-tiny", stop=word)[:2] == (expected, "stop")


def test_max_tokens_is_a_limit_of_length(client):
    answer = ask(client, "GLM-tiny", max_tokens=7)
    assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (7, "length")
    assert streamed(client, model="GLM-tiny", max_tokens=7)[1:] == ("length", answer.usage)


def test_a_seed_gives_the_same_answer_also_beside_others(client):
    def sampled(seed):
        return said(ask(client, seed=seed, temperature=1.5, top_p=0.95, max_tokens=12))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(sampled, [1, 2, 3, 1, 2, 3]))
    assert answers[:3] == answers[3:]
    assert len(set(answers)) == 3


def test_penalties_and_top_k(client, fabric):
    plain = said(ask(client))
    text, *_ = generated(fabric.folder / "Qwen2-tiny", repetition_penalty=5.0)
    assert said(ask(client, extra_body={"repetition_penalty": 5.0})) == text != plain
    assert said(ask(client, temperature=2, extra_body={"top_k": 1})) == plain
    assert said(ask(client, "GLM-tiny", frequency_penalty=2, presence_penalty=2)) != said(ask(client, "GLM-tiny"))


def test_what_a_request_does_not_say_the_settings_say(client):
    unsaid = {"temperature": openai.omit}
    assert said(ask(client, "GLM-tiny", **unsaid)) == said(ask(client, "GLM-tiny"))
    assert said(ask(client, "GLM-tiny", temperature=1.5, seed=1)) != said(ask(client, "GLM-tiny"))


def test_too_much_context_is_an_error_and_what_fits_is_answered(client, fabric):
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match=f"maximum context length is {WINDOW}") as refused:
            ask(client, messages=LONG, stream=stream)
        assert refused.value.body["code"] == 40303
    full = [{"role": "user", "content": "x" * (WINDOW - 40)}]
    answer = ask(client, "Llama-tiny", full, max_tokens=400)
    assert answer.usage.total_tokens <= WINDOW


def test_a_text_is_continued_without_the_template(client):
    answer = client.completions.create(model="Qwen2-tiny", prompt="hello", max_tokens=5, temperature=0, echo=True)
    assert answer.usage.prompt_tokens < 5
    assert answer.choices[0].text.startswith("hello")


def test_embeddings_are_the_mean_of_the_last_states(client, fabric):
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["知问", "hello world, what is this?", "a"]
    folder = fabric.folder / "Qwen2-tiny"
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    answer = client.embeddings.create(model="Qwen2-tiny", input=texts)
    for text, one in zip(texts, answer.data, strict=True):
        with torch.inference_mode():
            mean = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0)
        assert torch.allclose(torch.tensor(one.embedding), mean / mean.norm(), atol=1e-5)
    assert answer.usage.prompt_tokens == sum(len(tokenizer(text).input_ids) for text in texts)


def busy(fabric):
    return httpx.post(f"{fabric.endless.url}/worker_get_status", trust_env=False, timeout=60).json()["queue_length"]


def test_a_reader_that_leaves_ends_the_generation(client, fabric):
    stream = ask(client, "GLM-tiny", max_tokens=100_000, stream=True)
    next(iter(stream))
    assert busy(fabric) == 1
    stream.close()
    wait_until(lambda: busy(fabric) == 0, "the worker is free again", patience_s=3)
    wait_until(lambda: "the generation is cancelled" in fabric.endless.log.read_text(), "it was noticed", patience_s=3)


def test_a_full_queue_says_so_and_others_wait_their_turn(client, fabric):
    first = ask(client, "GLM-tiny", max_tokens=100_000, stream=True)
    next(iter(first))
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(said(ask(client, "GLM-tiny", max_tokens=3))))
    waiting.start()
    wait_until(lambda: busy(fabric) == 2, "one more waits", patience_s=5)
    for stream in (False, True):
        with pytest.raises(openai.APIError, match="GLM-tiny is busy") as refused:
            list(ask(client, "GLM-tiny", stream=stream))
        assert str(refused.value.code) == "42903"
    first.close()
    waiting.join(10)
    assert answers == [said(ask(client, "GLM-tiny", max_tokens=3))]


def test_pictures_and_logprobs_are_refused(client):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    content = [{"type": "text", "text": "what is this"}, picture]
    with pytest.raises(openai.BadRequestError, match="reads text only"):
        ask(client, messages=[{"role": "user", "content": content}])
    with pytest.raises(openai.BadRequestError, match="no logprobs"):
        client.completions.create(model="Qwen2-tiny", prompt="hello", logprobs=2)


def test_one_that_is_stopped_leaves_the_others(client, fabric):
    assert fabric.endless.end() < 2
    fabric.processes.remove(fabric.endless)
    wait_until(lambda: "GLM-tiny" not in fabric.models(), "it left the list", patience_s=3)
    assert said(ask(client))
    with pytest.raises(openai.BadRequestError, match="GLM-tiny"):
        ask(client, "GLM-tiny")
