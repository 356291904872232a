"""A model that vLLM serves as a FastChat worker: `python -m server.llm.workers.vllm_worker`. Light: it passes text on.

It is the proxy worker with one provider, vLLM's own OpenAI API. The key of that API is read from the variable
ZHIWEN_UPSTREAM_KEY: arguments are seen by every user of the machine.
"""

import json
import os
import urllib.request
from argparse import Namespace
from collections.abc import Sequence

from pydantic import SecretStr

from configs.sections.models import LlmModel
from configs.sections.providers import Provider
from configs.settings import Settings, load_settings
from server.llm.fastchat.options import start_logging, worker_parser
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address
from server.llm.workers.proxy import Proxy, create_app

KEY_VARIABLE = "ZHIWEN_UPSTREAM_KEY"
PROVIDER = "vllm"
PATIENCE_S = 10.0


def one_provider(settings: Settings, options: Namespace, key: str, window: int) -> Settings:
    """The settings with one model and one provider, which is vLLM's server. It has the whole concurrency."""
    provider = Provider(
        preset="vllm", base_url=options.upstream, api_key=SecretStr(key), concurrency=1024, max_retries=0
    )
    model = LlmModel(engine="provider", provider=PROVIDER, model=options.model_name, window=window)
    models = settings.models.model_copy(update={"llm": {options.model_name: model}})
    return settings.model_copy(update={"models": models, "providers": {PROVIDER: provider}})


def window_of(upstream: str, key: str) -> int:
    """The context of vLLM's model in tokens, 0 when it does not tell. Raises `OSError` when it does not answer."""
    request = urllib.request.Request(f"{upstream}/models", headers={"Authorization": f"Bearer {key}"})  # noqa: S310
    loopback = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with loopback.open(request, timeout=PATIENCE_S) as answer:
        return int(json.load(answer)["data"][0].get("max_model_len") or 0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the worker until it is told to end."""
    parser = worker_parser("a model that vLLM serves")
    parser.add_argument("--upstream", required=True, help="address of vLLM's OpenAI API, with /v1")
    options = parser.parse_args(arguments)
    start_logging(options.log_level)
    key = os.environ.get(KEY_VARIABLE, "")
    settings = one_provider(load_settings(), options, key, window_of(options.upstream, key))
    proxy = Proxy(settings, worker_address(options))
    registration = Registration(options.controller_address, proxy.url, proxy.status)
    serve(create_app(proxy, options.controller_address), options, registration.start, registration.stop)


if __name__ == "__main__":
    main()
