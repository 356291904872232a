"""What to start: settings and options become a list of services. Pure: whatever must be looked up is handed in."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from configs.sections.models import LlmModel
from configs.sections.services import ControllerService
from configs.sections.services import Service as Address
from configs.settings import Settings
from server.launcher.arguments import Options
from server.launcher.errors import KeyNeeded, NeedsWeights, WorkerUnreachable
from server.launcher.ports import Wanted
from server.launcher.probes import Answers, Listens, Probe, Registered
from server.llm.catalog import ENGINE_PACKAGES, Choice

WORKER_MODULES = {
    "builtin": "server.llm.workers.extractive",
    "fake": "server.llm.workers.scripted",
    "fastchat": "server.llm.workers.stock",
}


@dataclass(frozen=True)
class Service:
    """One process: how to start it, how to see that it is ready, and what depends on it.

    `env` is added to the environment all services share. `after` names services that must be ready first. A `critical`
    service that fails while everything starts ends the launcher. `setting` is the table that holds its port. `packages`
    must be installed. `model` is set for model workers. A `light` service does no heavy arithmetic.
    """

    name: str
    argv: tuple[str, ...]
    host: str
    port: int
    ready: Probe
    setting: str
    start_timeout_s: float
    env: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    critical: bool = True
    packages: tuple[str, ...] = ()
    model: str = ""
    light: bool = True

    @property
    def address(self) -> str:
        """Where a client on this machine finds it."""
        return Address(host=self.host, port=self.port).url

    @property
    def log_name(self) -> str:
        """Its log file inside `paths.logs`; model names may hold characters that file names may not."""
        return re.sub(r"[^\w.-]", "_", self.name) + ".log"

    @property
    def wanted_port(self) -> Wanted:
        """The port it will listen on."""
        return Wanted(self.name, self.host, self.port, self.setting)


@dataclass(frozen=True)
class Plan:
    """The services in starting order; `control` is the launcher's own endpoint, there when it owns model workers."""

    services: tuple[Service, ...]
    controller: str
    control: Address | None = None

    @property
    def wanted_ports(self) -> list[Wanted]:
        """Every port the plan needs."""
        ports = [service.wanted_port for service in self.services]
        if self.control:
            ports.append(Wanted("control", self.control.host, self.control.port, "services.control"))
        return ports


def with_options(settings: Settings, options: Options) -> Settings:
    """The settings with the models preferred that `-n` or `--lite` ask for.

    Raises:
        NeedsWeights: `-n` names a model that `--lite` leaves out.
    """
    models = settings.models
    llm = [*options.model_names, *(name for name in models.llm_preference if name not in options.model_names)]
    embed = models.embed_preference
    if options.lite:
        light = [name for name, model in models.llm.items() if model.engine not in ENGINE_PACKAGES]
        for name in options.model_names:
            if name in models.llm and name not in light:
                raise NeedsWeights(name=name, known=", ".join(light))
        llm = [name for name in llm if name in light or name not in models.llm] or light
        embed = [name for name in embed if models.embed[name].engine not in ENGINE_PACKAGES] or embed
    changed = models.model_copy(update={"llm_preference": llm, "embed_preference": embed})
    return settings.model_copy(update={"models": changed})


def plan(settings: Settings, options: Options, choices: Sequence[Choice], free: Iterator[int]) -> Plan:
    """The services for these options. `choices` are the chat models, `free` yields ports nobody uses.

    Raises:
        WorkerUnreachable: the controller named by `-c` could not reach our workers.
        KeyNeeded: workers would be open to other machines without an API key.
    """
    made: list[Service] = []
    controller = _controller_address(settings, options)
    if "api" in options.parts:
        made.append(_api(settings, options))
    if "controller" in options.parts:
        made.append(_controller(settings, options))
    if "openai_api" in options.parts:
        made.append(_openai_api(settings, options))
    if "webui" in options.parts:
        made.append(_webui(settings))
    control = None
    if "workers" in options.parts:
        _check_reachable(settings, controller)
        made += [worker(settings, options, choice, free=free, critical=len(choices) == 1) for choice in choices]
        control = settings.services.control
    return Plan(tuple(made), controller, control)


def worker(
    settings: Settings, options: Options, choice: Choice, *, free: Iterator[int], critical: bool = False
) -> Service:
    """The worker of one chat model."""
    model = choice.model
    assert isinstance(model, LlmModel)  # noqa: S101  # choose_llm gives no other
    shared = settings.services.workers
    fixed = model.port or shared.port
    at = Address(host=shared.host, port=fixed or next(free))
    controller = _controller_address(settings, options)
    flags: dict[str, Any] = {
        "--model-name": choice.name,
        "--model-path": choice.path or "",
        "--controller-address": controller,
        "--worker-address": at.url,
        "--host": at.host,
        "--port": at.port,
        "--device": device(settings, choice),
        "--limit-worker-concurrency": shared.limit_worker_concurrency,
        "--log-level": _log_level(options),
    }
    return Service(
        name=f"worker-{choice.name}",
        argv=_module(WORKER_MODULES[model.engine], flags),
        host=at.host,
        port=at.port,
        ready=Registered(at.url, controller, choice.name),
        setting=f'models.llm."{choice.name}"' if model.port else "services.workers",
        start_timeout_s=settings.launcher.start_timeout_s,
        light=model.engine not in ENGINE_PACKAGES,
        critical=critical,
        packages=("fastchat", *ENGINE_PACKAGES.get(model.engine, ())),
        model=choice.name,
    )


def device(settings: Settings, choice: Choice) -> str:
    """Where a model runs: built-ins on the processor, others as set; who loads the model resolves "auto"."""
    if choice.model.engine not in ENGINE_PACKAGES:
        return "cpu"
    return choice.model.device or settings.models.device


def _controller_address(settings: Settings, options: Options) -> str:
    if not options.controller:
        return settings.services.controller.url
    return options.controller if "://" in options.controller else f"http://{options.controller}"


def _check_reachable(settings: Settings, controller: str) -> None:
    host = settings.services.workers.host
    at = Address(host=host, port=1)
    if at.is_public and not settings.security.api_key.get_secret_value():
        raise KeyNeeded(setting="services.workers.host", host=host)
    remote = re.sub(r"^\w+://|:\d+$|[\[\]]", "", controller)
    if Address(host=remote, port=1).is_public and not at.is_public:
        raise WorkerUnreachable(controller=controller, host=host)


def _module(name: str, flags: Mapping[str, Any]) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *(str(word) for pair in flags.items() for word in pair))


def _log_level(options: Options) -> str:
    return "error" if options.quiet else "info"


def _controller(settings: Settings, options: Options) -> Service:
    at: ControllerService = settings.services.controller
    flags = {
        "--host": at.host,
        "--port": at.port,
        "--dispatch-method": at.dispatch_method,
        "--log-level": _log_level(options),
    }
    return Service(
        name="controller",
        argv=_module("server.llm.fastchat.controller", flags),
        host=at.host,
        port=at.port,
        ready=Answers(f"{at.url}/test_connection"),
        setting="services.controller",
        start_timeout_s=settings.launcher.start_timeout_s,
        packages=("fastchat",),
    )


def _openai_api(settings: Settings, options: Options) -> Service:
    at, key = settings.services.openai_api, settings.security.api_key.get_secret_value()
    flags = {
        "--host": at.host,
        "--port": at.port,
        "--controller-address": _controller_address(settings, options),
        "--log-level": _log_level(options),
    }
    return Service(
        name="openai_api",
        argv=_module("server.llm.fastchat.openai_api", flags),
        host=at.host,
        port=at.port,
        # Not GET /v1/models: it has the controller question every worker and drop those that are still loading.
        ready=Listens(at.url),
        setting="services.openai_api",
        start_timeout_s=settings.launcher.start_timeout_s,
        packages=("fastchat",),
        env={"ZHIWEN_OPENAI_API_KEY": key} if key else {},
    )


def _api(settings: Settings, options: Options) -> Service:
    at = settings.services.api
    chosen = options.lite or options.model_names
    return Service(
        name="api",
        argv=_module("server.api", {"--host": at.host, "--port": at.port}),
        host=at.host,
        port=at.port,
        ready=Answers(f"{at.url}/health"),
        setting="services.api",
        start_timeout_s=settings.launcher.start_timeout_s,
        env=_preferences(settings) if chosen else {},
        packages=("fastapi", "uvicorn", "sqlalchemy", "faiss"),
        light=False,
    )


def _preferences(settings: Settings) -> dict[str, str]:
    """What `-n` and `--lite` chose, for a process that reads the settings itself."""
    models = settings.models
    return {
        "ZHIWEN__MODELS__LLM_PREFERENCE": json.dumps(models.llm_preference),
        "ZHIWEN__MODELS__EMBED_PREFERENCE": json.dumps(models.embed_preference),
    }


def _webui(settings: Settings) -> Service:
    at = settings.services.webui
    flags = {
        "--server.address": at.host,
        "--server.port": at.port,
        "--server.headless": "true",
        "--server.fileWatcherType": "none",
        "--browser.gatherUsageStats": "false",
    }
    words = (str(word) for pair in flags.items() for word in pair)
    return Service(
        name="webui",
        argv=(sys.executable, "-m", "streamlit", "run", "webui_pages/app.py", *words),
        host=at.host,
        port=at.port,
        ready=Answers(f"{at.url}/_stcore/health"),
        setting="services.webui",
        start_timeout_s=settings.launcher.start_timeout_s,
        packages=("streamlit",),
    )
