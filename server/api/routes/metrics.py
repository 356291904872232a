"""Numbers for Prometheus."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.access import METRICS
from server.api.deps import ContainerDep
from server.api.metrics import exposition
from server.caller import caller
from server.errors import ScopeMissing

router = APIRouter(tags=["Server State"])
TEXT = "text/plain; version=0.0.4; charset=utf-8"
_RESPONSES = {200: {"content": {TEXT: {"example": "zhiwen_streams 0.0\n"}}, "description": "Prometheus' text format"}}


@router.get(METRICS, response_class=Response, responses={**_RESPONSES})
async def metrics(request: Request, container: ContainerDep) -> Response:
    """Requests, latencies, streams, jobs, tokens, sizes. A key limited to some knowledge bases is not enough."""
    if caller().knowledge_bases is not None:
        raise ScopeMissing(scope=caller().scope, needed="read (*)")
    text = await run_in_threadpool(exposition, container, request.app.state.requests)
    return Response(text, media_type=TEXT)
