"""The processes of one chat model: its worker, several of them as replicas, and vLLM's server behind a worker."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from configs.sections.models import LlmModel
from configs.sections.services import Service as Address
from configs.settings import Settings
from server.launcher.probes import Answers, Listens, Registered
from server.launcher.services import Service, module_argv
from server.llm.catalog import ENGINE_PACKAGES, LOADING_S, Choice, vllm_executable
from server.llm.providers import named_models

WORKER_MODULES = {
    "builtin": "server.llm.workers.extractive",
    "fake": "server.llm.workers.scripted",
    "fastchat": "server.llm.workers.stock",
    "transformers": "server.llm.workers.transformers_worker",
    "vllm": "server.llm.workers.vllm_worker",
}
_VLLM_KEY = "VLLM_API_KEY"
_VLLM_OFFLINE = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
_CARDS_VARIABLES = ("CUDA_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "ASCEND_RT_VISIBLE_DEVICES")


@dataclass(frozen=True)
class WorkerPlace:
    """What the workers of one start share: the controller they register with, and how much they log."""

    settings: Settings
    controller: str
    log_level: str
    free: Iterator[int]

    def address(self, port: int = 0) -> Address:
        """Where a worker listens; a port of 0 takes one that nobody uses."""
        shared = self.settings.services.workers
        return Address(host=shared.host, port=port or shared.port or next(self.free))


def model_services(place: WorkerPlace, choice: Choice) -> list[Service]:
    """The processes of a chat model in starting order; none for the model of a provider, which runs elsewhere, and for
    one that cannot run here."""
    model = choice.model
    assert isinstance(model, LlmModel)  # noqa: S101  # choose_llm gives no other
    if model.engine not in WORKER_MODULES or not choice.usable:
        return []
    made: list[Service] = []
    for number in range(1, model.replicas + 1):
        if model.engine == "vllm":
            made += _vllm(place, choice, number)
        else:
            made.append(_worker(place, choice, number))
    return made


def has_provider_models(settings: Settings) -> bool:
    """Whether a provider's model is in the settings, or may be found by asking a provider."""
    return bool(named_models(settings)) or any(one.models == "auto" for one in settings.providers.values())


def provider_service(place: WorkerPlace) -> Service:
    """The worker through which the controller knows the models of all providers."""
    at = place.address()
    names = [model.name for model in named_models(place.settings)]
    flags = {
        "--controller-address": place.controller,
        "--worker-address": at.url,
        "--host": at.host,
        "--port": at.port,
        "--log-level": place.log_level,
    }
    return Service(
        name="providers",
        argv=module_argv("server.llm.workers.proxy", flags),
        host=at.host,
        port=at.port,
        # Names that are found by asking may come late, or never.
        ready=Registered(at.url, place.controller, names[0]) if names else Listens(at.url),
        setting="services.workers",
        start_timeout_s=place.settings.launcher.start_timeout_s,
        critical=False,
        packages=("fastchat",),
    )


def device(settings: Settings, choice: Choice) -> str:
    """Where a model runs: built-ins on the processor, others as set; who loads the model resolves "auto"."""
    if choice.model.provider:
        return choice.model.provider
    if choice.model.engine not in ENGINE_PACKAGES:
        return "cpu"
    return choice.model.device or settings.models.device


def _worker(place: WorkerPlace, choice: Choice, number: int) -> Service:
    model, settings = choice.model, place.settings
    assert isinstance(model, LlmModel)  # noqa: S101  # see model_services
    at = place.address(model.port)
    flags = _common_flags(place, choice, at)
    flags["--model-path"] = choice.path or ""
    flags["--device"] = device(settings, choice)
    argv = module_argv(WORKER_MODULES[model.engine], flags)
    return Service(
        name=f"worker-{_replica_name(choice, number)}",
        argv=(*argv, *_loading_flags(model, number)),
        host=at.host,
        port=at.port,
        ready=Registered(at.url, place.controller, choice.name),
        setting=f'models.llm."{choice.name}"' if model.port else "services.workers",
        start_timeout_s=_patience_s(settings, model),
        env=_cards(model, number),
        light=model.engine not in ENGINE_PACKAGES,
        critical=False,
        packages=("fastchat", *ENGINE_PACKAGES.get(model.engine, ())),
        model=choice.name,
    )


def _common_flags(place: WorkerPlace, choice: Choice, at: Address) -> dict[str, Any]:
    shared = place.settings.services.workers
    return {
        "--model-name": choice.name,
        "--controller-address": place.controller,
        "--worker-address": at.url,
        "--host": at.host,
        "--port": at.port,
        "--limit-worker-concurrency": shared.limit_worker_concurrency,
        "--queue-limit": shared.queue_limit,
        "--log-level": place.log_level,
    }


def _loading_flags(model: LlmModel, number: int) -> list[str]:
    """How a worker loads the weights; what is not set stays out, to keep the command readable. FastChat's takes fewer
    flags; the settings see to it that no others are set for it."""
    if model.engine not in ENGINE_PACKAGES:
        return []
    values = {
        "--replica": "" if number == 1 else number,
        "--dtype": "" if model.dtype == "auto" else model.dtype,
        "--quantization": model.quantization,
        "--num-gpus": "" if model.num_gpus == 1 else model.num_gpus,
        "--max-gpu-memory": model.max_gpu_memory,
        "--window": model.window or "",
        "--attention": model.attention,
        "--chat-template": model.chat_template,
        "--chat-template-args": _template_args(model),
        "--generation": _sampling(model),
        "--threads": model.threads or "",
    }
    flags = [str(word) for flag, value in values.items() if value for word in (flag, value)]
    flags += [word for folder in model.adapters for word in ("--adapter", folder)]
    return [*flags, "--trust-remote-code"] if model.trust_remote_code else flags


def _sampling(model: LlmModel) -> str:
    return model.generation.model_dump_json(exclude_none=True) if model.generation.model_fields_set else ""


def _template_args(model: LlmModel) -> str:
    return json.dumps(model.chat_template_args) if model.chat_template_args else ""


def _patience_s(settings: Settings, model: LlmModel) -> float:
    return max(settings.launcher.start_timeout_s, LOADING_S.get(model.engine, 0))


def _replica_name(choice: Choice, number: int) -> str:
    return choice.name if number == 1 else f"{choice.name}-{number}"


def _vllm(place: WorkerPlace, choice: Choice, number: int) -> list[Service]:
    """vLLM's server, and the worker through which the controller knows it. A random key keeps others away from it."""
    key = secrets.token_urlsafe(24)
    server = _vllm_server(place, choice, number, key)
    return [server, _vllm_worker(place, choice, number, server)]


def _vllm_server(place: WorkerPlace, choice: Choice, number: int, key: str) -> Service:
    model, settings = choice.model, place.settings
    assert isinstance(model, LlmModel)  # noqa: S101  # see model_services
    program = vllm_executable(settings) or settings.models.vllm.executable
    at = Address(host="127.0.0.1", port=next(place.free))
    return Service(
        name=f"vllm-{_replica_name(choice, number)}",
        argv=(program, "serve", str(choice.path), *_vllm_flags(choice.name, model, at)),
        host=at.host,
        port=at.port,
        ready=Answers(f"{at.url}/health"),
        setting="services.workers",
        start_timeout_s=_patience_s(settings, model),
        env={_VLLM_KEY: key, **_VLLM_OFFLINE, **_cards(model, number)},
        light=False,
        critical=False,
        model=choice.name,
    )


def _vllm_worker(place: WorkerPlace, choice: Choice, number: int, server: Service) -> Service:
    assert isinstance(choice.model, LlmModel)  # noqa: S101  # see model_services
    at = place.address(choice.model.port)
    flags = {**_common_flags(place, choice, at), "--upstream": f"{server.address}/v1"}
    return Service(
        name=f"worker-{_replica_name(choice, number)}",
        argv=module_argv(WORKER_MODULES["vllm"], flags),
        host=at.host,
        port=at.port,
        ready=Registered(at.url, place.controller, choice.name),
        setting=f'models.llm."{choice.name}"' if choice.model.port else "services.workers",
        start_timeout_s=place.settings.launcher.start_timeout_s,
        env={"ZHIWEN_UPSTREAM_KEY": server.env[_VLLM_KEY]},
        after=(server.name,),
        critical=False,
        packages=("fastchat",),
        model=choice.name,
    )


def _vllm_flags(name: str, model: LlmModel, at: Address) -> list[str]:
    values: Mapping[str, Any] = {
        "--host": at.host,
        "--port": at.port,
        "--served-model-name": name,
        "--tensor-parallel-size": model.num_gpus,
        "--gpu-memory-utilization": model.gpu_memory_utilization,
        "--dtype": model.dtype,
        "--max-model-len": model.window or "",
        "--quantization": model.quantization,
        "--chat-template": model.chat_template,
        "--default-chat-template-kwargs": _template_args(model),
        "--override-generation-config": _sampling(model),
    }
    flags = [str(word) for flag, value in values.items() if value for word in (flag, value)]
    return [*flags, *(["--trust-remote-code"] if model.trust_remote_code else []), *model.extra_args]


def _cards(model: LlmModel, number: int) -> dict[str, str]:
    """The variables that show one replica its cards: its own share of `gpus` where there are enough, else all."""
    cards = [card for card in model.gpus.split(",") if card]
    if len(cards) >= model.replicas * model.num_gpus:
        cards = cards[(number - 1) * model.num_gpus : number * model.num_gpus]
    return dict.fromkeys(_CARDS_VARIABLES, ",".join(cards)) if cards else {}
