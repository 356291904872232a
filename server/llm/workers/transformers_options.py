"""The command lines of the workers that load weights."""

import argparse

from server.llm.fastchat.options import worker_parser

QUANTIZATIONS = ("", "8bit", "4bit")
DTYPES = ("auto", "float32", "bfloat16", "float16")


def weights_parser(description: str) -> argparse.ArgumentParser:
    """The flags of every worker, and how to load local weights."""
    parser = worker_parser(description)
    parser.add_argument("--dtype", choices=DTYPES, default="auto")
    parser.add_argument("--quantization", choices=QUANTIZATIONS, default="")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that comes with the weights")
    parser.add_argument("--num-gpus", type=int, default=1, help="cards that the model spreads over")
    parser.add_argument("--replica", type=int, default=1, help="which of several copies this is; decides on the cards")
    parser.add_argument("--max-gpu-memory", default="", help="for each card, such as 20GiB")
    parser.add_argument("--window", type=int, default=0, help="context in tokens, 0 for what the model was made for")
    parser.add_argument("--threads", type=int, default=0, help="processor threads, 0 for all")
    return parser


def transformers_parser() -> argparse.ArgumentParser:
    """The flags of the transformers worker."""
    parser = weights_parser("a chat model on local weights, run by transformers")
    parser.add_argument("--adapter", action="append", default=[], help="folder of a LoRA adapter; may be repeated")
    parser.add_argument("--attention", default="", help="such as eager, sdpa, flash_attention_2")
    parser.add_argument("--chat-template", default="", help="file with a Jinja template, instead of the tokenizer's")
    parser.add_argument("--chat-template-args", default="{}", help="JSON: what the template is told besides")
    parser.add_argument("--generation", default="{}", help="JSON: sampling where a request does not say it")
    return parser
