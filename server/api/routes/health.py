"""What is alive, and whether questions can be answered now."""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from configs.sections.services import Service
from configs.version import VERSION
from server.api.deps import ContainerDep
from server.api.schemas.health import Health, Ready, ServiceState
from server.container import Container
from server.errors import ZhiwenError
from server.llm.catalog import choose_embedder

router = APIRouter(tags=["Server State"])
PROBE_S = 0.5
MODEL_PROBE_S = 2.0
_log = logging.getLogger(__name__)


@router.get("/health")
async def health(container: ContainerDep) -> Health:
    """Always answers 200 while this API lives; `status` is `degraded` when a part it needs does not answer."""
    settings = container.settings
    controller, openai_api, database = await asyncio.gather(
        _listens(settings.services.controller), _listens(settings.services.openai_api), _database(container)
    )
    services = {"database": database, "controller": controller, "openai_api": openai_api}
    return Health(
        status="ok" if all(state.ok for state in services.values()) else "degraded",
        version=VERSION,
        llm=container.llm_choice.name,
        embed_model=container.embedder_choice.name,
        language=settings.web.language,
        services=services,
    )


@router.get("/ready", response_model=Ready, responses={503: {"model": Ready}})
async def ready(container: ContainerDep) -> JSONResponse:
    """200 when a question to a knowledge base can be answered now, else 503; for load balancers and orchestrators."""
    services = container.settings.services
    checks = {
        "database": _database(container),
        "storage": _tried(lambda: _write(container), "the folder of the knowledge bases cannot be written"),
        "embedder": _tried(lambda: choose_embedder(container.settings, container.embedder_choice.name)),
        "model": _model(container),
    }
    if container.llm_choice.model.engine != "provider":
        checks |= {"controller": _listens(services.controller), "openai_api": _listens(services.openai_api)}
    parts = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    found = Ready(ready=all(part.ok for part in parts.values()), parts=parts)
    return JSONResponse(found.model_dump(), 200 if found.ready else 503)


def _write(container: Container) -> None:
    folder = container.settings.paths.knowledge_base
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"ready")


async def _model(container: Container) -> ServiceState:
    name = container.llm_choice.name
    try:
        running = await asyncio.wait_for(container.chat_models.running(), MODEL_PROBE_S)
    except asyncio.TimeoutError:
        return ServiceState(ok=False, detail="the controller does not tell which models are running")
    except ZhiwenError as error:
        return ServiceState(ok=False, detail=error.message("en"))
    return ServiceState(ok=name in running, detail="" if name in running else f'the model "{name}" is not running')


async def _listens(service: Service) -> ServiceState:
    address = urlsplit(service.url)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address.hostname, address.port), PROBE_S)
    except (OSError, asyncio.TimeoutError):
        return ServiceState(ok=False, detail=f"nothing answers at {service.url}")
    writer.close()
    return ServiceState(ok=True)


async def _database(container: Container) -> ServiceState:
    def connect() -> None:
        with container.database.read() as session:
            session.connection()

    return await _tried(connect, "the database does not answer")


async def _tried(attempt: Callable[[], object], complaint: str = "") -> ServiceState:
    """Whether it succeeds in a thread. A reason of our own is told, another one is only logged: it may hold paths."""
    try:
        await run_in_threadpool(attempt)
    except ZhiwenError as error:
        return ServiceState(ok=False, detail=error.message("en"))
    except Exception:  # noqa: BLE001  # an edge: telling whatever it is is this route's job
        _log.exception("%s", complaint)
        return ServiceState(ok=False, detail=f"{complaint}; the log of the API has the reason")
    return ServiceState(ok=True)
