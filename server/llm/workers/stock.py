"""FastChat's own model worker on local weights: `python -m server.llm.workers.stock`. Imports torch.

A model that cannot be loaded ends the process with status 1 and two lines on stderr, in English and Chinese; the
traceback is logged at debug level.
"""

import json
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.llm.fastchat import compat
from server.llm.fastchat.options import start_logging
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address
from server.llm.workers.transformers_failures import LoadFailed, explained, no_weights, untrusted_code
from server.llm.workers.transformers_options import weights_parser

logger = logging.getLogger(__name__)
_WITH_CODE = ("config.json", "tokenizer_config.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the weights, then run the worker until it is told to end."""
    options = weights_parser("FastChat's model worker on local weights").parse_args(arguments)
    start_logging(options.log_level)
    worker = _load(options)
    registration = Registration(options.controller_address, worker.worker_addr, worker.get_status)
    serve(compat.load_worker_base().app, options, registration.start, registration.stop)


def _load(options: Namespace) -> Any:
    name, folder = options.model_name, Path(options.model_path)
    # The weights are local files; a look at the network would only delay the start where there is none.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        if not (folder / "config.json").is_file():
            raise no_weights(name)
        if not options.trust_remote_code:
            _check_code(name, folder)
        return _worker(options)
    except Exception as error:  # the edge of the process: libraries fail to load weights in any way
        logger.debug("cannot load", exc_info=error)
        failure = explained(name, error)
        sys.exit(f"error: {name} {failure.en}\n错误：{name} {failure.zh}")


def _check_code(name: str, folder: Path) -> None:
    """FastChat runs code that comes with the weights without asking. Raises `LoadFailed` where there is some."""
    for file in (folder / one for one in _WITH_CODE):
        if file.is_file() and json.loads(file.read_text("utf-8")).get("auto_map"):
            raise untrusted_code(name)


def _worker(options: Namespace) -> Any:
    import torch

    from server.llm.workers.transformers_devices import pick_cards, pick_device

    device = pick_device(options.device)
    cards = pick_cards(device, options.num_gpus, options.replica)
    if device == "cuda" and len(cards) == 1:
        torch.cuda.set_device(cards[0])
    if options.threads:
        torch.set_num_threads(options.threads)
    module = compat.load_model_worker()
    worker = module.ModelWorker(
        options.controller_address,
        worker_address(options),
        module.worker_id,
        options.model_path,
        [options.model_name],
        options.limit_worker_concurrency,
        no_register=True,
        device=device,
        num_gpus=options.num_gpus,
        max_gpu_memory=options.max_gpu_memory or None,
        dtype=None if options.dtype == "auto" else getattr(torch, options.dtype),
        load_8bit=_eight_bits(options),
    )
    worker.context_len = options.window or worker.context_len
    return worker


def _eight_bits(options: Namespace) -> bool:
    if options.quantization == "8bit" and options.num_gpus > 1:
        raise LoadFailed(
            'cannot be spread over several cards in 8 bits by FastChat; set engine = "transformers"',
            '使用 FastChat 时无法以 8 位量化分布到多块显卡，请改用 engine = "transformers"',
        )
    return options.quantization == "8bit"


if __name__ == "__main__":
    main()
