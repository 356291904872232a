"""FastChat as one more OpenAI-compatible API: where it is, which models run in it, what its errors mean."""

from collections.abc import Awaitable, Callable

from configs.settings import Settings
from server.errors import (
    ContextTooLong,
    ModelFailed,
    ModelNotFound,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ServiceUnavailable,
    ZhiwenError,
)
from server.llm.launcher_client import LauncherClient
from server.llm.not_running import not_running
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint

# FastChat's codes: no such model, a parameter or a content that is not taken, a prompt that is too long; and (ours,
# see event_streams) the controller or the worker does not answer.
UNKNOWN_MODEL = 40301
NOT_TAKEN = frozenset({40001, 40302})
CONTEXT_OVERFLOW = 40303
UNREACHABLE = 50301
CONTROLLER_PATIENCE_S = 5.0


def fabric_endpoint(settings: Settings) -> Endpoint:
    """FastChat's OpenAI API."""
    key = settings.security.api_key.get_secret_value()
    return Endpoint(
        name="FastChat",
        base_url=f"{settings.services.openai_api.url}/v1",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        key=key,
        timeout_s=settings.chat.request_timeout_s,
    )


async def controller_models(settings: Settings, connections: Connections) -> list[str]:
    """Names of the models whose workers are registered, sorted.

    Raises:
        ServiceUnavailable: the controller does not answer.
    """
    url = settings.services.controller.url
    endpoint = Endpoint("FastChat controller", url, timeout_s=CONTROLLER_PATIENCE_S)
    try:
        return sorted((await called(connections, endpoint, "/list_models", {}))["models"])
    except (Refused, Silent, Unreachable):
        raise ServiceUnavailable(name="FastChat controller", url=url, log="controller.log") from None


async def fabric_error(
    settings: Settings,
    running: Callable[[], Awaitable[list[str]]],
    launcher: LauncherClient,
    model: str,
    failure: Refused | Silent | Unreachable,
) -> ZhiwenError:
    """What the user is told when FastChat's OpenAI API, or a worker behind it, failed."""
    if isinstance(failure, Silent):
        return ModelTimeout(name=model, seconds=round(settings.chat.request_timeout_s))
    if isinstance(failure, Unreachable):
        if failure.begun:
            return ModelFailed(name=model, reason=f"the connection broke off in mid-answer ({failure})")
        url = settings.services.openai_api.url
        return ServiceUnavailable(name="FastChat OpenAI API", url=url, log="openai_api.log")
    if failure.code == UNKNOWN_MODEL:
        names = ", ".join(await running())
        if model in settings.models.llm:
            return await not_running(settings, launcher, model, names)
        return ModelNotFound(name=model, known=names or ", ".join(settings.models.llm))
    return _refusal(model, failure)


def _refusal(model: str, failure: Refused) -> ZhiwenError:
    if failure.code == UNREACHABLE and failure.status != 200:
        return ModelUnavailable(name=model, reason_en="its worker does not answer", reason_zh="它的模型进程没有响应")
    if failure.code == CONTEXT_OVERFLOW:
        return ContextTooLong(name=model, reason=str(failure))
    if failure.code in NOT_TAKEN:
        return ModelRefused(name=model, reason=str(failure))
    return ModelFailed(name=model, reason=str(failure))
