"""Models that cannot be loaded end the worker with the reason and what to try, in English and Chinese."""

import importlib.util
import json
import logging
import shutil
from types import SimpleNamespace

import pytest
from tiny_models import make_model

pytest.importorskip("torch")

import torch
from transformers import GenerationConfig

from server.launcher.failures import Failure
from server.llm.workers import transformers_worker
from server.llm.workers.transformers_devices import (
    bytes_needed,
    check_room,
    pick_cards,
    pick_device,
    pick_dtype,
    placement,
)
from server.llm.workers.transformers_failures import LoadFailed, explained
from server.llm.workers.transformers_generation import Generation
from server.llm.workers.transformers_loading import _window
from server.llm.workers.transformers_request import wishes
from server.llm.workers.transformers_sampling import processors


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("good"), "qwen2")


@pytest.fixture
def folder(good, tmp_path):
    return shutil.copytree(good, tmp_path / "model")


@pytest.fixture(autouse=True)
def _unchanged(monkeypatch):
    """The worker's entry point sets variables and the log of its process."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS", "TRANSFORMERS_VERBOSITY"):
        monkeypatch.setenv(name, "1" if name.startswith("HF") else "error")
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)


def reason(folder, *flags):
    """Both lines that the worker ends with."""
    with pytest.raises(SystemExit) as ended:
        transformers_worker.main(["--model-name", "M", "--model-path", str(folder), "--device", "cpu", *flags])
    en, zh = str(ended.value.code).split("\n")
    assert en.startswith("error: M ")
    assert zh.startswith("错误：M ")
    return en


def edit(folder, file, **changes):
    config = {**json.loads((folder / file).read_text()), **changes}
    (folder / file).write_text(json.dumps(config))


def test_no_weights(tmp_path):
    assert "python startup.py --download M" in reason(tmp_path)


def test_damaged_weights(folder):
    (folder / "model.safetensors").write_bytes(b"not what it was")
    assert "incomplete or damaged" in reason(folder)


def test_missing_weights(folder):
    (folder / "model.safetensors").unlink()
    assert "incomplete or damaged" in reason(folder)


def test_weights_larger_than_the_memory(folder):
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(2**40)
    said = reason(folder)
    assert "does not fit: its weights need 1024.0 GiB, this machine has" in said
    assert "4bit" in said


def test_code_that_comes_with_the_weights_is_not_run(folder):
    (folder / "own.py").write_text("raise SystemExit('this ran')")
    edit(
        folder,
        "config.json",
        model_type="own-kind",
        auto_map={"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.M"},
    )
    said = reason(folder)
    assert "brings code of its own" in said
    assert 'trust_remote_code = true in [models.llm."M"]' in said


def test_an_unknown_architecture(folder):
    edit(folder, "config.json", model_type="from-the-future")
    assert "newer transformers" in reason(folder)


def test_no_chat_template(folder):
    (folder / "chat_template.jinja").unlink()
    assert "has no chat template" in reason(folder)
    assert "file nowhere.jinja of the setting chat_template cannot be read" in reason(
        folder, "--chat-template", str(folder / "nowhere.jinja")
    )


def test_an_adapter_that_is_not_there(folder, tmp_path):
    assert "has no adapter in the folder lora" in reason(folder, "--adapter", str(tmp_path / "lora"))


@pytest.mark.parametrize(
    ("flags", "made_by", "package"),
    [(("--quantization", "4bit"), "", "bitsandbytes"), ((), "awq", "gptqmodel"), ((), "gptq", "gptqmodel")],
)
def test_quantisation_without_its_library(folder, monkeypatch, flags, made_by, package):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == package else find(name, *rest))
    if made_by:
        edit(folder, "config.json", quantization_config={"quant_method": made_by, "bits": 4})
    assert f"pip install {package}" in reason(folder, *flags)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("MXFP4 requires the `kernels` package: `pip install kernels>=0.12.0`"), "pip install kernels"),
        (ImportError("requires auto-round library (`pip install 'auto-round>=0.5'`)"), "pip install auto-round"),
        (ImportError("requires it: `pip install -U bitsandbytes>=0.46.1`"), "pip install bitsandbytes"),
        (RuntimeError("No GPU or XPU found. A GPU or XPU is needed for FP8 quantization."), "only graphics cards"),
        (RuntimeError("GPU is required to quantize or run quantize model."), "only graphics cards"),
        (NotImplementedError("HIGGS quantization is only supported on GPU."), "only graphics cards"),
    ],
)
def test_what_the_libraries_say_of_quantised_weights(error, said):
    assert said in explained("M", error).en


def test_folders_of_this_machine_are_not_told():
    said = explained("M", OSError("cannot read '/home/ann/models/M/part.bin' or C:\\m\\x.bin, see https://a.org/b/c"))
    assert "cannot read 'part.bin' or x.bin, see https://a.org/b/c" in said.en


def test_quantised_twice(folder):
    edit(folder, "config.json", quantization_config={"quant_method": "awq", "bits": 4})
    assert "is quantised already (awq)" in reason(folder, "--quantization", "8bit")


def test_the_launcher_shows_the_reason_as_advice():
    lines = ("a traceback", "error: M needs X. Install it", "错误：M 需要 X，请安装")
    failure = Failure("died", 3, "logs/worker-M.log", exit_code=1, lines=lines)
    assert failure.advice("en") == "M needs X. Install it"
    assert failure.advice("zh") == "M 需要 X，请安装"


def test_a_device_that_is_not_there():
    if not torch.cuda.is_available():
        with pytest.raises(LoadFailed, match="finds only"):
            pick_device("cuda")
    assert pick_device("cpu") == "cpu"


def test_number_formats():
    assert pick_dtype("auto", torch.bfloat16, "cpu") == torch.float32
    assert pick_dtype("auto", torch.float32, "cuda") == torch.float16
    assert pick_dtype("bfloat16", torch.float32, "cpu") == torch.bfloat16


def test_several_cards_share_a_model(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (10 * 2**30 * (number + 1), 0))
    assert placement("cpu", [], "20GiB") == {"device_map": {"": "cpu"}}
    assert placement("cuda", [1], "") == {"device_map": {"": "cuda:1"}}
    assert placement("cuda", [0], "5GiB") == {"device_map": "auto", "max_memory": {0: "5GiB"}}
    assert placement("cuda", [0, 1], "20GiB") == {"device_map": "auto", "max_memory": {0: "20GiB", 1: "20GiB"}}
    assert placement("cuda", [0, 1], "")["max_memory"] == {0: 9 * 2**30, 1: 18 * 2**30}


def test_copies_of_a_model_take_the_next_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert [pick_cards("cuda", 1, replica) for replica in (1, 2, 5)] == [[0], [1], [0]]
    assert [pick_cards("cuda", 2, replica) for replica in (1, 2, 3)] == [[0, 1], [2, 3], [0, 1]]
    assert pick_cards("cuda", 3, 2) == [0, 1, 3]
    assert pick_cards("cpu", 8, 1) == pick_cards("mps", 2, 1) == []
    with pytest.raises(LoadFailed, match="num_gpus = 5, but only 4 are visible"):
        pick_cards("cuda", 5, 1)


def test_only_the_cards_of_the_model_count_as_room(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (2**30 * (number + 1), 0))
    check_room(5 * 2**30, "cuda", [1, 2])
    with pytest.raises(LoadFailed, match=r"need 2\.0 GiB, the card has 1\.0 GiB free"):
        check_room(2 * 2**30, "cuda", [0])


@pytest.mark.parametrize(
    ("stored", "wanted", "quantization", "times"),
    [
        (torch.bfloat16, torch.float32, "", 2),
        (torch.float32, torch.bfloat16, "", 0.5),
        (torch.bfloat16, torch.bfloat16, "8bit", 0.5),
        (torch.float16, torch.float16, "4bit", 0.3),
        (torch.float16, torch.float16, "stored", 1),
    ],
)
def test_the_size_of_weights_in_memory(folder, stored, wanted, quantization, times):
    on_disk = (folder / "model.safetensors").stat().st_size
    assert bytes_needed(folder, stored, wanted, quantization) == pytest.approx(on_disk * times, abs=1)


@pytest.mark.parametrize(
    ("rope", "asked", "window"),
    [
        ({}, 0, 4096),
        ({"factor": 4.0, "original_max_position_embeddings": 4096}, 0, 16384),
        ({"factor": 8.0, "original_max_position_embeddings": 512}, 0, 4096),
        ({}, 100, 100),
    ],
)
def test_the_window(rope, asked, window):
    text = SimpleNamespace(max_position_embeddings=4096, rope_parameters=rope)
    assert _window(SimpleNamespace(get_text_config=lambda: text), asked) == window


@pytest.mark.parametrize(
    ("own", "defaults"),
    [
        ({}, {}),
        ({"repetition_penalty": 1.05, "top_p": 0.8}, {"repetition_penalty": 1.05}),
        (
            {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 20},
            {"temperature": 0.6, "top_p": 0.95, "top_k": 20},
        ),
    ],
)
def test_what_the_makers_of_a_model_advise_holds_where_a_request_says_nothing(own, defaults):
    model = SimpleNamespace(generation_config=GenerationConfig(**own))
    assert Generation(model, set()).defaults == defaults
    filled = {"temperature": 0.7, "top_p": 1.0, "unset": ["temperature", "top_p"]}
    found = wishes(filled, defaults, max_tokens=9)
    assert (found.temperature, found.top_p) == (defaults.get("temperature", 0.7), defaults.get("top_p", 1.0))
    assert wishes({"temperature": 0.1}, defaults, max_tokens=9).temperature == 0.1


def test_penalties_look_at_the_answer_alone():
    wanted = wishes({"temperature": 0, "presence_penalty": 1.0, "frequency_penalty": 0.5}, {}, max_tokens=9)
    prompt, answer = [0, 0], [1, 1, 2]
    scores = processors(wanted, len(prompt))(torch.tensor([prompt + answer]), torch.zeros(1, 4))
    assert scores.tolist() == [[0.0, -2.0, -1.5, 0.0]]


def test_what_is_drawn_is_the_only_token_left():
    wanted = wishes({"temperature": 1.0, "top_k": 2, "seed": 3}, {}, max_tokens=9)
    scores = processors(wanted, 0)(torch.tensor([[0]]), torch.tensor([[0.0, 5.0, 5.0, 0.0]]))
    assert torch.isfinite(scores).sum() == 1
    assert scores.argmax() in (1, 2)
