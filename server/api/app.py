"""The knowledge API as an ASGI application."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline

from configs.settings import Settings
from configs.version import VERSION
from server.api import errors, openapi
from server.api.background import later
from server.api.guard import Guard
from server.api.metrics import Requests, Watch
from server.api.question_length import check_question_length
from server.api.request_id import HEADER, RequestId
from server.api.routes import (
    agent,
    chat,
    chunks,
    conversations,
    files,
    health,
    jobs,
    kb_chat,
    keys,
    knowledge_bases,
    metrics,
    models,
    openai,
    other,
    preview,
    search,
    server,
    summaries,
    system,
    temporary,
    tools,
    upkeep,
    weights,
)
from server.container import Container, build_container

RECONCILE_AFTER_S = 3
"""What a crash left behind is removed soon after the start, when the other services are through with theirs."""
PREPARE_AFTER_S = 5
"""What the embedding model needs once is done before anybody asks."""
RECONCILE_PATIENCE_S = 120
"""A knowledge base that is being written to has its turn when the writer is done."""
DESCRIPTION = "Chat with your documents. Works with clients of the Langchain-Chatchat 0.2.10 API."


# A request is held against the routes in this order: those that are asked for most come first.
ROUTES = (
    search,
    chat,
    kb_chat,
    conversations,
    knowledge_bases,
    files,
    chunks,
    temporary,
    summaries,
    jobs,
    preview,
    upkeep,
    keys,
    health,
    metrics,
    models,
    weights,
    system,
    server,
    other,
    agent,
    tools,
    openai,
)


def create_app(settings: Settings, *, container: Container | None = None) -> FastAPI:
    """The application; without a container its lifespan builds one and closes it."""
    app = FastAPIOffline(
        title="Zhiwen API",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=_lifespan(settings, container),
        # Scripts written for 0.2.10 send JSON without saying so; forged requests of a browser are the guard's matter.
        strict_content_type=False,
        # Swagger's badge would be fetched from the internet. Redoc's logo cannot be turned off; the guard blocks it.
        swagger_ui_parameters={"validatorUrl": None},
    )
    errors.install(app)
    _add_middleware(app, settings)
    for part in ROUTES:
        app.include_router(part.router, dependencies=[Depends(check_question_length)])
    app.add_api_route("/", _to_docs, include_in_schema=False)
    openapi.install(app)
    return app


def _lifespan(settings: Settings, given: Container | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What happens when the application starts and ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        own = given or build_container(settings)
        app.state.container = own
        own.knowledge_bases.jobs.start()
        own.summaries.resume()

        def reconcile() -> object:
            return own.knowledge_bases.maintenance.repair(patience_s=RECONCILE_PATIENCE_S)

        call_off = [later(RECONCILE_AFTER_S, reconcile), later(PREPARE_AFTER_S, own.embedders.prepare)]
        try:
            yield
        finally:
            for one in call_off:
                one()
            await own.summaries.aclose()
            if given is None:
                await own.aclose()

    return lifespan


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost one."""
    app.add_middleware(Guard, settings=settings)
    if settings.security.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.security.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[HEADER],
        )
    app.state.requests = Requests()
    app.add_middleware(Watch, requests=app.state.requests)
    app.add_middleware(RequestId)


async def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs", status_code=307)
