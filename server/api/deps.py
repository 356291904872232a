"""What routes are given: aliases over the objects that the application's lifespan made.

All are coroutines, though none waits: FastAPI would run plain functions in threads, which costs a millisecond each.
"""

from typing import Annotated

from fastapi import Depends, Request

from server.api.errors import language_of
from server.container import Container
from server.errors import Language
from server.knowledge_base.service import KnowledgeBases


async def _container(request: Request) -> Container:
    return request.app.state.container


async def _knowledge_bases(request: Request) -> KnowledgeBases:
    return request.app.state.container.knowledge_bases


async def _base_url(request: Request) -> str:
    return request.app.state.container.settings.services.api.public_url or str(request.base_url)


async def _language(request: Request) -> Language:
    return language_of(request)


ContainerDep = Annotated[Container, Depends(_container)]
KnowledgeBasesDep = Annotated[KnowledgeBases, Depends(_knowledge_bases)]
BaseUrlDep = Annotated[str, Depends(_base_url)]
LanguageDep = Annotated[Language, Depends(_language)]
