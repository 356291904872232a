"""FastChat's OpenAI-compatible API: `python -m server.llm.fastchat.openai_api`.

An API key, if clients must send one, is read from the variable ZHIWEN_OPENAI_API_KEY: arguments are seen by every
user of the machine.
"""

import os
from collections.abc import Sequence

from server.llm.fastchat import compat
from server.llm.fastchat.options import service_parser, start_logging
from server.llm.fastchat.serving import serve

KEY_VARIABLE = "ZHIWEN_OPENAI_API_KEY"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the API until it is told to end. It is ready when `GET /health` answers."""
    parser = service_parser("FastChat's OpenAI-compatible API", port=20000)
    parser.add_argument("--controller-address", default="http://127.0.0.1:20001")
    options = parser.parse_args(arguments)
    start_logging(options.log_level)
    api = compat.load_openai_api()
    api.app_settings.controller_address = options.controller_address
    api.app_settings.api_keys = [key] if (key := os.environ.get(KEY_VARIABLE)) else None
    api.app.get("/health")(_health)
    serve(api.app, options)


async def _health() -> dict[str, str]:
    return {"status": "ok"}


if __name__ == "__main__":
    main()
