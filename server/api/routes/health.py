"""What is alive."""

import asyncio
import logging
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from configs.sections.services import Service
from configs.version import VERSION
from server.api.deps import ContainerDep
from server.api.schemas.health import Health, ServiceState
from server.container import Container

router = APIRouter(tags=["Server State"])
PROBE_S = 0.5
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

    try:
        await run_in_threadpool(connect)
    except Exception:  # noqa: BLE001  # an edge: telling whatever it is is this route's job
        _log.exception("the database does not answer")
        return ServiceState(ok=False, detail="the database does not answer; the log of the API has the reason")
    return ServiceState(ok=True)
