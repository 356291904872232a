"""What LangChain's model client raises, as errors of ours. Loaded with the first question to a tool-calling model."""

import httpx
import openai

from configs.settings import Settings
from server.errors import ModelFailed, ZhiwenError
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_error
from server.llm.providers import endpoint_of, find_model

RAISED = (openai.OpenAIError, httpx.HTTPError)
"""What a model's client may raise."""


def model_error(settings: Settings, model: str, error: Exception, *, begun: bool) -> ZhiwenError:
    """The error the user is told, never with a key in it; `begun` says that something of the answer had come."""
    found = find_model(settings, model)
    if found is None:
        return ModelFailed(name=model, reason=type(error).__name__)
    return as_error(model, endpoint_of(settings, found.provider, model), _failure(error, begun))


def _failure(error: Exception, begun: bool) -> Refused | Silent | Unreachable:
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
        return Silent()
    if isinstance(error, openai.APIConnectionError):
        return Unreachable(type(error.__cause__ or error).__name__, begun=begun)
    if isinstance(error, httpx.HTTPError):
        return Unreachable(type(error).__name__, begun=begun)
    if isinstance(error, openai.APIStatusError):
        return Refused(error.status_code, error.code, error.message)
    return Refused(200, None, str(error))
