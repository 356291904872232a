"""FastChat's own model worker on local weights: `python -m server.llm.workers.stock`. Imports torch.

A model that cannot be loaded ends the process with status 1 and one line on stderr; the traceback is logged at debug
level.
"""

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.llm.fastchat import compat
from server.llm.fastchat.options import start_logging, worker_parser
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the weights, then run the worker until it is told to end."""
    options = worker_parser("FastChat's model worker on local weights").parse_args(arguments)
    start_logging(options.log_level)
    worker = _load(options)
    registration = Registration(options.controller_address, worker.worker_addr, worker.get_status)
    serve(compat.load_worker_base().app, options, registration.start, registration.stop)


def _load(options: Namespace) -> Any:
    name = options.model_name
    if not (Path(options.model_path) / "config.json").is_file():
        _give_up(f"there are no weights of {name} here. Fetch them: python startup.py --download {name}")
    # The weights are local files; a look at the network would only delay the start where there is none.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        return _worker(options)
    except ImportError as error:
        logger.debug("cannot import", exc_info=error)
        _give_up(f"{name} needs {error.name or error}. Install it: pip install -r requirements.txt")
    except Exception as error:  # the edge of the process: libraries fail to load weights in any way
        logger.debug("cannot load", exc_info=error)
        reason = " ".join(str(error).split())[:300]
        _give_up(
            f"{name} cannot be loaded ({type(error).__name__}: {reason}). If its files are incomplete, fetch them "
            f"again: python startup.py --download {name}"
        )


def _worker(options: Namespace) -> Any:
    module = compat.load_model_worker()
    return module.ModelWorker(
        options.controller_address,
        worker_address(options),
        module.worker_id,
        options.model_path,
        [options.model_name],
        options.limit_worker_concurrency,
        no_register=True,
        device=_device(options.device),
        num_gpus=1,
        max_gpu_memory=None,
    )


def _device(asked: str) -> str:
    if asked != "auto":
        return asked
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _give_up(reason: str) -> Any:
    sys.exit(f"error: {reason}")


if __name__ == "__main__":
    main()
