"""A chat model that follows a script, for tests of everything around a model: `python -m server.llm.workers.scripted`.

It repeats the question, unless the last message holds a script, such as

    script: {"reply": "one two three", "delay_s": 0.1, "fail_after": 2, "exit_after": 5}

`delay_s` passes before each piece; after `fail_after` pieces the model raises, after `exit_after` its process is gone.
"""

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from server.llm.fastchat.options import start_logging, worker_parser
from server.llm.prompt_parts import parse_question
from server.llm.workers.text_worker import TextWorker, run_worker
from server.types import Message

logger = logging.getLogger(__name__)

_SCRIPT = re.compile(r"script:\s*(?=\{)")


class ScriptedWorker(TextWorker):
    """Does what the last message says."""

    def answer(self, messages: Sequence[Message]) -> str:
        """The scripted reply, or the question again."""
        asked = messages[-1].content
        question = parse_question(asked)
        return str(_script(messages).get("reply", f"You asked: {asked if question is None else question}"))

    def before_piece(self, messages: Sequence[Message], number: int) -> None:
        """Wait, fail or die as scripted."""
        script = _script(messages)
        time.sleep(script.get("delay_s", 0))
        if number == script.get("fail_after"):
            raise RuntimeError("the script says that the model fails here")
        if number == script.get("exit_after"):
            os._exit(3)

    def generate_stream_gate(self, params: dict[str, Any]) -> Iterator[bytes]:
        """Also log when the reader goes away before the end."""
        try:
            yield from super().generate_stream_gate(params)
        except GeneratorExit:
            logger.info("the reader has gone, the generation is cancelled")
            raise


def _script(messages: Sequence[Message]) -> dict[str, Any]:
    text = messages[-1].content
    found = _SCRIPT.search(text)
    return json.JSONDecoder().raw_decode(text, found.end())[0] if found else {}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the worker until it is told to end."""
    options = worker_parser("a chat model that follows a script, for tests").parse_args(arguments)
    start_logging(options.log_level)
    run_worker(ScriptedWorker(options), options)


if __name__ == "__main__":
    main()
