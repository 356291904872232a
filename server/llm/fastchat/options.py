"""The command lines of the FastChat processes."""

import argparse
import logging
import sys

LEVELS = ("debug", "info", "warning", "error")


def service_parser(description: str, port: int) -> argparse.ArgumentParser:
    """Flags that every process takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--log-level", choices=LEVELS, default="info")
    return parser


def worker_parser(description: str) -> argparse.ArgumentParser:
    """Flags that every worker takes; one that loads no weights makes no use of `--model-path` and `--device`."""
    parser = service_parser(description, port=20002)
    parser.add_argument("--controller-address", default="http://127.0.0.1:20001")
    parser.add_argument("--worker-address", default="", help="where the controller and the API reach this worker")
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--model-path", default="", help="folder with the weights")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps", "xpu", "npu"), default="auto")
    parser.add_argument("--limit-worker-concurrency", type=int, default=5, help="generations at a time, the rest wait")
    parser.add_argument("--queue-limit", type=int, default=100, help="requests that may wait, more are refused")
    return parser


def start_logging(level: str) -> None:
    """Log to stderr; FastChat's own chatter (a line for each heart beat) shows at debug level only."""
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=level.upper(), format=form, stream=sys.stderr)
    quiet = logging.DEBUG if level == "debug" else logging.WARNING
    for name in ("fastchat", "httpx", "urllib3"):
        logging.getLogger(name).setLevel(quiet)
