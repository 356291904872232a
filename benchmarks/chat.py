"""How well conversations, refusals and citations work on the sample knowledge base, with built-ins.

usage: python benchmarks/chat.py

Printed: in how many of the written conversations every turn finds its file among the first three sources; how many
questions about absent things are refused, near to the samples' subjects and far from them; how many of the sample
questions are refused or miss their file; and how many quotes of answers stand in the chunk that their mark names.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from configs import load_settings
from server.chat.grounds import Ground
from server.chat.question import Question
from server.chat.service import ChatService
from server.container import build_container
from server.knowledge_base.parsers import InlineParser
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import Upload
from server.llm.generation import Generation, Piece
from server.llm.quotable import pieces
from server.llm.set_phrases import NO_SUPPORT
from server.llm.tokens import estimate
from server.types import Hit, Message, QuestionRewritten, SourcesFound, Token

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "knowledge_base" / "samples"
WRITTEN = ROOT / "tests" / "samples"
FIRST = 3
_QUOTE = re.compile(r"(.+?)\s*\[(\d+)\](?=\n\n|$)", re.DOTALL)


class BuiltInReader:
    """`builtin-extractive` without its worker."""

    default = "builtin-extractive"

    async def stream(self, messages: Sequence[Message], generation: Generation) -> AsyncGenerator[Piece, None]:
        from server.llm.workers.extractive import ExtractiveWorker

        del generation
        worker = cast("ExtractiveWorker", SimpleNamespace(model_names=[self.default]))
        yield Piece(ExtractiveWorker.answer(worker, messages), finish_reason="stop")

    def window(self, model: str) -> int:
        del model
        return 8192

    def count_tokens(self, model: str, text: str) -> int:
        del model
        return estimate(text)


@dataclass(frozen=True)
class Answer:
    """`hits` is None where nothing was searched."""

    text: str
    hits: tuple[Hit, ...] | None
    rewritten: str

    @property
    def refused(self) -> bool:
        return self.text in NO_SUPPORT.values()

    def has(self, file: str | None) -> bool:
        """Whether the file is among the first sources; without a file, whether nothing was searched."""
        if file is None or self.hits is None:
            return file is None and self.hits is None
        return file in [hit.chunk.file for hit in self.hits[:FIRST]]


@dataclass(frozen=True)
class Product:
    """The question path on the samples."""

    service: ChatService
    ground: Ground

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        events = asyncio.run(self._events(Question(question, history=tuple(history), ground=self.ground)))
        text = "".join(event.text for event in events if isinstance(event, Token))
        hits = next((event.hits for event in events if isinstance(event, SourcesFound)), None)
        return Answer(text, hits, "".join(event.text for event in events if isinstance(event, QuestionRewritten)))

    async def _events(self, question: Question) -> list[Any]:
        return [event async for event in self.service.answer(question)]


@contextmanager
def samples() -> Iterator[Product]:
    """The sample knowledge base in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        changed = {
            "ZHIWEN__PATHS__KNOWLEDGE_BASE": folder,
            "ZHIWEN__PATHS__MODELS": folder,
            "ZHIWEN__MODELS__EMBED_PREFERENCE": '["builtin-ngram"]',
        }
        with mock.patch.dict(os.environ, changed):
            settings = load_settings()
        with closing(build_container(settings, parser=InlineParser(settings))) as container:
            kbs = container.knowledge_bases
            kbs.create("samples")
            uploads = [Upload(path.name, path.open("rb")) for path in sorted((SAMPLES / "content").iterdir())]
            failed = {
                name: error for name, error in kbs.add_files("samples", uploads, IngestOptions()).items() if error
            }
            if failed:
                raise SystemExit(f"files failed: {failed}")
            yield Product(ChatService(settings, BuiltInReader()), container.grounds.knowledge_bases(["samples"]))


def failed_turns(product: Product, conversation: list[dict[str, Any]]) -> list[str]:
    """The questions of a conversation whose file is not among the first sources."""
    history: list[Message] = []
    failed = []
    for turn in conversation:
        answer = product.ask(turn["question"], history)
        if not answer.has(turn["file"]):
            failed.append(f"{turn['question']} → {answer.rewritten}")
        history += [Message("user", turn["question"]), Message("assistant", answer.text)]
    return failed


def wrong_quotes(answer: Answer) -> list[str]:
    """Quotes whose mark names no source, or whose sentences do not stand in the chunk it names."""
    wrong = []
    for quote, number in _QUOTE.findall(answer.text):
        hits = answer.hits or ()
        text = _bare(hits[int(number) - 1].chunk.text) if 0 < int(number) <= len(hits) else ""
        wrong += [piece.text for piece in pieces(quote.strip()) if _bare(piece.text) not in text]
    return wrong


def _bare(text: str) -> str:
    """Without marks of headings, fences and line breaks, which a quote may have where the text has none."""
    return re.sub(r"[\s#*`~]+", "", text)


def read(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text("utf-8"))


def sample_questions() -> list[dict[str, str]]:
    """The questions that ship with the samples."""
    return [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]


def main() -> None:
    with samples() as product:
        conversations = read(WRITTEN / "conversations.json")
        failed = [turns for conversation in conversations if (turns := failed_turns(product, conversation))]
        print(f"conversations right: {len(conversations) - len(failed)} of {len(conversations)} {failed or ''}")
        for kind, questions in read(WRITTEN / "absent_questions.json").items():
            answered = [question for question in questions if not product.ask(question).refused]
            print(f"{kind} questions refused: {len(questions) - len(answered)} of {len(questions)} {answered or ''}")
        answers = {item["question"]: (product.ask(item["question"]), item["file"]) for item in sample_questions()}
        bad = [question for question, (answer, file) in answers.items() if answer.refused or not answer.has(file)]
        print(f"sample questions refused or without their file: {len(bad)} of {len(answers)} {bad or ''}")
        wrong = [quote for answer, _ in answers.values() for quote in wrong_quotes(answer)]
        marks = sum(len(_QUOTE.findall(answer.text)) for answer, _ in answers.values())
        print(f"citations: {marks}, quotes that do not stand in the cited chunk: {len(wrong)} {wrong or ''}")


if __name__ == "__main__":
    main()
