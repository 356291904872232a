"""Chat models: which run, which are configured; start, stop, replace; try a provider."""

import re
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from configs.sections.models import LlmModel
from configs.settings import Settings
from server.api.deps import ContainerDep, LanguageDep
from server.api.schemas.base import BaseResponse
from server.api.schemas.models import (
    Changed,
    ChangeRequest,
    ConfiguredRequest,
    ModelRequest,
    ModelsResponse,
    ModelStateDetails,
    ProviderDetails,
    ProvidersResponse,
    RunningRequest,
    StatesResponse,
    TryRequest,
)
from server.errors import ControllerRefused
from server.llm.provider_presets import PRESETS, UNNAMED
from server.llm.provider_trial import known_providers
from server.llm.providers import ENGINE, find_model, named_models
from server.llm.weights import weights_folder

router = APIRouter(prefix="/llm_model", tags=["Models"])
_SECRET = re.compile(r"key|secret|token|password|header|proxy|id$", re.IGNORECASE)
WITHOUT_WEIGHTS = frozenset({"builtin", "fake"})


@router.post("/list_running_models")
async def list_running_models(container: ContainerDep, body: RunningRequest | None = None) -> ModelsResponse:
    """The models that can be asked now, as an object from name to its configuration."""
    _check_controller(container.settings, body.controller_address if body else "")
    running = await container.chat_models.running()
    return ModelsResponse(data={name: _config(container.settings, name) for name in running})


@router.post("/list_config_models")
async def list_config_models(container: ContainerDep, body: ConfiguredRequest | None = None) -> ModelsResponse:
    """The configured models by type; `worker` holds what all workers share."""
    settings = container.settings
    online = [model.name for model in named_models(settings)]
    local = [name for name, model in settings.models.llm.items() if model.engine != ENGINE]
    known: dict[str, dict[str, Any]] = {
        "local": {name: _config(settings, name) for name in local},
        "online": {name: _config(settings, name) for name in online},
        "worker": {"default": _shared(settings)},
    }
    return ModelsResponse(data={kind: known[kind] for kind in (body or ConfiguredRequest()).types})


@router.post("/get_model_config")
async def get_model_config(body: ModelRequest, container: ContainerDep) -> ModelsResponse:
    """The configuration of a model without keys and secrets; of an unknown one what all workers share."""
    return ModelsResponse(data=_config(container.settings, body.model_name))


@router.get("/states")
async def states(container: ContainerDep, language: LanguageDep) -> StatesResponse:
    """Every model with its state, how long it has been loading, why it failed, and what can be done."""
    found = await container.model_states.all()
    made = []
    for state in found:
        values = asdict(state)
        reasons = {"en": values.pop("reason_en"), "zh": values.pop("reason_zh")}
        default = state.name == container.llm_choice.name
        made.append(ModelStateDetails(**values, default=default, reason=reasons[language]))
    return StatesResponse(data=made)


@router.post("/start")
async def start(body: ModelRequest, container: ContainerDep) -> BaseResponse:
    """Start a model that is configured; answers when it can be asked, or with the reason why not."""
    _check_controller(container.settings, body.controller_address)
    await container.model_states.start(body.model_name)
    return BaseResponse()


@router.post("/stop")
async def stop(body: ModelRequest, container: ContainerDep) -> BaseResponse:
    """Stop a model; answers when its process is gone."""
    _check_controller(container.settings, body.controller_address)
    await container.model_states.stop(body.model_name)
    return BaseResponse()


@router.post("/change")
async def change(body: ChangeRequest, container: ContainerDep) -> Changed:
    """Stop one model and start another; answers when that can be asked. If it fails, the old one runs again."""
    _check_controller(container.settings, body.controller_address)
    await container.model_states.replace(body.model_name, body.new_model_name)
    return Changed()


@router.get("/presets")
async def presets() -> ModelsResponse:
    """Services whose address and ways are known, for `preset` in `[providers.NAME]`."""
    return ModelsResponse(data={name: asdict(preset) for name, preset in PRESETS.items()})


@router.get("/providers")
async def providers(container: ContainerDep, language: LanguageDep) -> ProvidersResponse:
    """Every provider of the settings, whether or not it is reached; nobody is asked for this."""
    found = [
        ProviderDetails(
            name=one.name,
            title=one.title,
            address=one.address,
            models=list(one.models),
            finds=one.finds,
            reason=one.why_not[language == "zh"] if one.why_not else "",
        )
        for one in known_providers(container.settings)
    ]
    return ProvidersResponse(data=found)


@router.post("/test_provider")
async def test_provider(body: TryRequest, container: ContainerDep) -> BaseResponse:
    """Ask a provider for one word: how long it took in seconds, or the reason why it does not work."""
    return BaseResponse(data=asdict(await container.model_states.try_provider(body.provider, body.model)))


def _check_controller(settings: Settings, given: str) -> None:
    """An address of the caller's choice would make this service ask any host for them."""
    known = settings.services.controller.url
    if given and given.rstrip("/") != known:
        raise ControllerRefused(given=given[:100], known=known)


def _config(settings: Settings, name: str) -> dict[str, Any]:
    found, model = find_model(settings, name), settings.models.llm.get(name)
    if found is not None:
        provider = settings.providers[found.provider]
        preset = PRESETS.get(provider.preset, UNNAMED)
        own: dict[str, Any] = {
            "online_api": True,
            "provider": found.provider,
            "model_name": found.model,
            "api_base_url": (provider.base_url or preset.base_url).partition("?")[0],
            "tools": found.tools,
        }
    elif model is not None:
        own = _local(settings, name, model)
    else:
        own = {}
    return {key: value for key, value in {**_shared(settings), **own}.items() if not _SECRET.search(key)}


def _local(settings: Settings, name: str, model: LlmModel) -> dict[str, Any]:
    folder = weights_folder(settings, name, model)
    return {
        "engine": model.engine,
        "device": model.device or settings.models.device,
        "port": model.port,
        # 0.2.10 shows the path; a path of the server is nobody's business.
        "model_path": folder.name if folder else "",
        # Pages of 0.2.10 offer only models whose weights are here; these need none.
        "model_path_exists": folder is not None or model.engine in WITHOUT_WEIGHTS,
        "repo": model.repo,
    }


def _shared(settings: Settings) -> dict[str, Any]:
    workers = settings.services.workers
    return {
        "host": workers.host,
        "port": workers.port,
        "device": settings.models.device,
        "infer_turbo": False,
        "limit_worker_concurrency": workers.limit_worker_concurrency,
    }
