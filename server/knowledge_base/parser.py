"""A parser process: `python -m server.knowledge_base.parser SCRATCH`. Reads files for the process that started it.

One JSON object a line: a task on standard input; on standard output any number of {"stage", "page", "pages"}, then
pieces in portions, then {"done": …}. It ends when its standard input does, also in the middle of a file, so that it
never outlives its parent. SCRATCH is the folder for its temporary files, deleted when it ends.
"""

import json
import logging
import os
import queue
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn, TextIO

from document_loaders import ocr
from server.knowledge_base.parse_cache import ParseCache
from server.knowledge_base.reading import Task, Text, read
from server.knowledge_base.recipe import Recipe

PORTION = 500
OCR_THREADS = "ZHIWEN_OCR_THREADS"


def main() -> None:
    """Serve tasks until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    ocr.configure(int(os.environ.get(OCR_THREADS, "0")))
    # The first is for our own libraries, the second for programs they start.
    tempfile.tempdir = os.environ["TMPDIR"] = sys.argv[1]
    answers = _take_standard_output()
    tasks: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    try:
        while True:
            _serve(json.loads(tasks.get()), answers)
    except BrokenPipeError:
        _end()  # nobody is left to read the answers


def _take_standard_output() -> TextIO:
    """Keep the pipe for answers alone; what a library prints goes to standard error."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


def _listen(tasks: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        tasks.put(line)
    _end()


def _end() -> NoReturn:
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    os._exit(0)


def _serve(order: dict[str, Any], answers: TextIO) -> None:
    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer, ensure_ascii=True) + "\n")
        answers.flush()

    task = Task(Path(order["path"]), order["name"], order["sha256"], order["size"], Recipe(**order["recipe"]))
    cache = ParseCache(Path(order["cache"]), order["cache_mb"])
    text = read(
        task, cache, lambda stage, page, pages: say({"stage": stage, "page": page, "pages": pages}), order["loaders"]
    )
    for start in range(0, len(text.pieces), PORTION):
        portion = text.pieces[start : start + PORTION]
        say({"pieces": [(piece.text, piece.indexed, dict(piece.meta)) for piece in portion]})
    say({"done": _summary(text)})


def _summary(text: Text) -> dict[str, Any]:
    return {
        "loader": text.loader,
        "splitter": text.splitter,
        "pages": [text.pages.found, text.pages.with_text, list(text.pages.empty)],
        "error": [text.error.code, text.error.detail] if text.error else None,
    }


if __name__ == "__main__":
    main()
