"""What to start: settings and options become a list of services. Pure: whatever must be looked up is handed in."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from configs.sections.services import ControllerService
from configs.sections.services import Service as Address
from configs.settings import Settings
from server.launcher.arguments import Options
from server.launcher.errors import KeyNeeded, NeedsWeights, WorkerUnreachable
from server.launcher.ports import Wanted
from server.launcher.probes import Answers, Listens
from server.launcher.services import Service, module_argv
from server.launcher.worker_plan import WorkerPlace, has_provider_models, model_services, provider_service
from server.llm.catalog import ENGINE_PACKAGES, Choice, preferred_llms


@dataclass(frozen=True)
class Plan:
    """The services in starting order; `control` is the launcher's own endpoint, there when it owns model workers.

    `stand_ins` are the processes of one model after another, each tried when all models before it have failed to load.
    `needs_model` says that nothing is of use without one.
    """

    services: tuple[Service, ...]
    controller: str
    control: Address | None = None
    stand_ins: tuple[tuple[Service, ...], ...] = ()
    needs_model: bool = False

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
    llm = [*options.model_names, *(name for name in preferred_llms(settings) if name not in options.model_names)]
    embed = models.embed_preference
    if options.lite:
        light = [name for name, model in models.llm.items() if model.engine not in ENGINE_PACKAGES]
        for name in options.model_names:
            if name in models.llm and name not in light:
                raise NeedsWeights(name=name, known=", ".join(light))
        llm = [name for name in llm if name in light or name not in models.llm] or light
        heavy = {name for name, model in models.embed.items() if model.engine in ENGINE_PACKAGES}
        embed = [name for name in embed if name not in heavy] or embed
    changed = models.model_copy(update={"llm_preference": llm, "embed_preference": embed})
    return settings.model_copy(update={"models": changed})


def plan(
    settings: Settings,
    options: Options,
    choices: Sequence[Choice],
    free: Iterator[int],
    instead: Sequence[Choice] = (),
) -> Plan:
    """The services for these options. `choices` are the chat models, `instead` those to try when these fail to load;
    `free` yields ports nobody uses.

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
    control, stand_ins = None, ()
    if "workers" in options.parts:
        _check_reachable(settings, controller)
        place = worker_place(settings, options, free)
        for choice in choices:
            made += model_services(place, choice)
        control, stand_ins = settings.services.control, _stand_ins(place, instead)
    if options.parts & {"workers", "online_workers"} and has_provider_models(settings):
        made.append(provider_service(worker_place(settings, options, free)))
    return Plan(tuple(made), controller, control, stand_ins, needs_model="api" not in options.parts)


def worker_place(settings: Settings, options: Options, free: Iterator[int]) -> WorkerPlace:
    """What the workers of these options share. `free` yields ports nobody uses."""
    return WorkerPlace(settings, _controller_address(settings, options), _log_level(options), free)


def _stand_ins(place: WorkerPlace, choices: Sequence[Choice]) -> tuple[tuple[Service, ...], ...]:
    groups = (tuple(model_services(place, choice)) for choice in choices)
    # The model of a provider needs no process: behind it, no other has to be tried.
    return tuple(takewhile(bool, groups))


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
        argv=module_argv("server.llm.fastchat.controller", flags),
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
        argv=module_argv("server.llm.fastchat.openai_api", flags),
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
        argv=module_argv("server.api", {"--host": at.host, "--port": at.port}),
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
        argv=(sys.executable, "-m", "streamlit", "run", "webui_pages/serve.py", *words),
        host=at.host,
        port=at.port,
        ready=Answers(f"{at.url}/_stcore/health"),
        setting="services.webui",
        start_timeout_s=settings.launcher.start_timeout_s,
        packages=("streamlit",),
    )
