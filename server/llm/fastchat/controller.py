"""FastChat's controller, which knows the running workers: `python -m server.llm.fastchat.controller`."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request

from server.llm.fastchat import compat
from server.llm.fastchat.options import service_parser, start_logging
from server.llm.fastchat.serving import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the controller until it is told to end. It is ready when `GET /test_connection` answers."""
    parser = service_parser("FastChat's controller", port=20001)
    parser.add_argument("--dispatch-method", choices=("shortest_queue", "lottery"), default="shortest_queue")
    options = parser.parse_args(arguments)
    start_logging(options.log_level)
    module: Any = compat.load_controller()
    module.controller = module.Controller(options.dispatch_method)

    async def unregister_worker(request: Request) -> None:
        module.controller.worker_info.pop((await request.json())["worker_name"], None)

    module.app.post("/unregister_worker")(unregister_worker)
    serve(module.app, options)


if __name__ == "__main__":
    main()
