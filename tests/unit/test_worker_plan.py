"""The processes of chat models with settings of their own: loading flags, replicas, vLLM, providers."""

import json
from itertools import count
from pathlib import Path

import pytest

from configs.sections.models import LlmModel
from configs.settings import SettingsError, load_settings
from server.errors import ModelUnavailable
from server.launcher.arguments import parse
from server.launcher.plan import plan
from server.launcher.probes import Registered
from server.llm.catalog import Choice, choose_llm


def services(model, *, name="M", **environment):
    choice = Choice(name, LlmModel.model_validate(model), Path("/w"), "", "")
    return plan(load_settings(), parse(["-m"]), [choice], count(40001)).services


def flag(service, name):
    return service.argv[service.argv.index(name) + 1]


def test_the_settings_of_a_model_reach_its_worker():
    (worker,) = services(
        {
            "engine": "transformers",
            "dtype": "bfloat16",
            "quantization": "4bit",
            "adapters": ["a", "b"],
            "trust_remote_code": True,
            "gpus": "0,2",
            "num_gpus": 2,
            "max_gpu_memory": "20GiB",
            "window": 4096,
            "attention": "sdpa",
            "chat_template": "chat.jinja",
            "generation": {"top_k": 20},
            "threads": 3,
            "device": "cuda",
        }
    )
    from server.llm.workers.transformers_options import transformers_parser

    read = transformers_parser().parse_args(worker.argv[3:])
    assert (read.dtype, read.quantization, read.adapter, read.trust_remote_code) == (
        "bfloat16",
        "4bit",
        ["a", "b"],
        True,
    )
    assert (read.num_gpus, read.max_gpu_memory, read.window, read.threads) == (2, "20GiB", 4096, 3)
    assert (read.attention, read.chat_template, read.device) == ("sdpa", "chat.jinja", "cuda")
    assert json.loads(read.generation) == {"top_k": 20}
    assert worker.env["CUDA_VISIBLE_DEVICES"] == "0,2"


def test_a_command_names_only_what_is_set():
    (worker,) = services({"engine": "transformers"})
    assert not {"--dtype", "--generation", "--trust-remote-code", "--num-gpus"} & set(worker.argv)
    assert flag(worker, "--queue-limit") == "100"
    assert worker.env == {}
    assert worker.start_timeout_s == 600


def test_replicas_are_workers_of_one_name_with_cards_of_their_own():
    made = services({"engine": "transformers", "replicas": 2, "gpus": "0,1,2,3", "num_gpus": 2})
    assert [one.name for one in made] == ["worker-M", "worker-M-2"]
    assert {flag(one, "--model-name") for one in made} == {"M"}
    assert [one.env["CUDA_VISIBLE_DEVICES"] for one in made] == ["0,1", "2,3"]
    assert len({one.port for one in made}) == 2
    assert not any(one.critical for one in made)


def test_fastchats_worker_takes_what_it_can():
    first, second = services(
        {
            "engine": "fastchat",
            "replicas": 2,
            "num_gpus": 2,
            "max_gpu_memory": "9GiB",
            "dtype": "float16",
            "window": 2048,
            "trust_remote_code": True,
        }
    )
    from server.llm.workers.transformers_options import weights_parser

    read = weights_parser("").parse_args(second.argv[3:])
    assert (read.num_gpus, read.max_gpu_memory, read.dtype, read.window) == (2, "9GiB", "float16", 2048)
    assert (read.replica, read.trust_remote_code) == (2, True)
    assert "--replica" not in first.argv


def test_vllm_serves_and_a_light_worker_stands_before_it(monkeypatch, tmp_path):
    program = tmp_path / "vllm"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("ZHIWEN__MODELS__VLLM__EXECUTABLE", str(program))
    server, worker = services(
        {
            "engine": "vllm",
            "num_gpus": 2,
            "quantization": "awq",
            "gpu_memory_utilization": 0.8,
            "window": 8192,
            "extra_args": ["--enable-prefix-caching"],
        }
    )
    assert server.argv[:3] == (str(program), "serve", "/w")
    assert flag(server, "--host") == "127.0.0.1"
    assert flag(server, "--served-model-name") == "M"
    assert flag(server, "--tensor-parallel-size") == "2"
    assert flag(server, "--quantization") == "awq"
    assert flag(server, "--gpu-memory-utilization") == "0.8"
    assert flag(server, "--max-model-len") == "8192"
    assert server.argv[-1] == "--enable-prefix-caching"
    assert server.start_timeout_s >= 900
    key = server.env["VLLM_API_KEY"]
    assert len(key) > 20
    assert key not in " ".join((*server.argv, *worker.argv))
    assert worker.env["ZHIWEN_UPSTREAM_KEY"] == key
    assert worker.after == (server.name,)
    assert flag(worker, "--upstream") == f"{server.address}/v1"
    assert (worker.light, worker.model, server.model) == (True, "M", "M")


def test_without_vllm_the_message_names_the_command_that_installs_it(monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    model = {"M": {"engine": "vllm", "path": str(tmp_path)}}
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", json.dumps(model))
    monkeypatch.setenv("ZHIWEN__MODELS__VLLM__EXECUTABLE", str(tmp_path / "nowhere" / "vllm"))
    with pytest.raises(ModelUnavailable, match="make vllm"):
        choose_llm(load_settings(), "M")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ({"engine": "transformers", "quantization": "awq"}, "need no setting"),
        ({"engine": "transformers", "replicas": 2, "port": 20002}, "replicas cannot share one port"),
        ({"engine": "transformers", "max_gpu_memory": "lots"}, "max_gpu_memory"),
        ({"engine": "transformers", "generation": {"top_p": 7}}, "top_p"),
        ({"engine": "transformers", "extra_args": ["--x"]}, "knows no extra_args"),
        ({"engine": "vllm", "adapters": ["a"], "threads": 2}, "knows no adapters, threads"),
        ({"engine": "fastchat", "quantization": "4bit"}, "8bit"),
        ({"engine": "fastchat", "chat_template": "a.jinja"}, "knows no chat_template"),
    ],
)
def test_settings_that_cannot_work_are_refused(monkeypatch, model, reason):
    monkeypatch.setenv("ZHIWEN__MODELS__LLM", json.dumps({"M": model}))
    with pytest.raises(SettingsError, match=reason):
        load_settings()


def test_the_models_of_providers_share_one_light_worker(monkeypatch):
    assert [one.name for one in plan(load_settings(), parse(["-p"]), [], count(40001)).services] == []
    monkeypatch.setenv(
        "ZHIWEN__PROVIDERS", json.dumps({"here": {"base_url": "http://127.0.0.1:1/v1", "models": ["m"]}})
    )
    (worker,) = plan(load_settings(), parse(["-p"]), [], count(40001)).services
    assert worker.argv[2] == "server.llm.workers.proxy"
    assert isinstance(worker.ready, Registered)
    assert (worker.ready.model, worker.light, worker.critical) == ("here/m", True, False)
