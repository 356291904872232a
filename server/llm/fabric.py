"""FastChat as one more OpenAI-compatible API: where it is, which models run in it, what its errors mean."""

from collections.abc import Awaitable, Callable

from configs.settings import Settings
from server.errors import ModelFailed, ModelNotFound, ModelTimeout, ModelUnavailable, ServiceUnavailable, ZhiwenError
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint

# FastChat's codes: no such model, and (ours, see event_streams) the controller or the worker does not answer.
UNKNOWN_MODEL = 40301
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
        return _not_running(settings, model, ", ".join(await running()))
    if failure.code == UNREACHABLE and failure.status != 200:
        return ModelUnavailable(name=model, reason_en="its worker does not answer", reason_zh="它的模型进程没有响应")
    return ModelFailed(name=model, reason=str(failure))


def _not_running(settings: Settings, model: str, running: str) -> ZhiwenError:
    if model in settings.models.llm:
        return ModelUnavailable(
            name=model,
            reason_en=f"its worker is not running; running: {running or 'none'}",
            reason_zh=f"它的模型进程没有运行，正在运行的有：{running or '无'}",
        )
    return ModelNotFound(name=model, known=running or ", ".join(settings.models.llm))
