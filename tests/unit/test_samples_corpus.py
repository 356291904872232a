"""The sample knowledge base: files of every promised format, and questions whose answers stand in those files."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from document_loaders import table

SAMPLES = Path(__file__).parents[2] / "knowledge_base" / "samples"
CONTENT = SAMPLES / "content"
FORMATS = {".md", ".txt", ".pdf", ".docx", ".csv", ".html"}
QUESTIONS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]


@cache
def loaded_text(name: str) -> str:
    """The text as a user would find it, in one line: where a PDF breaks its lines is not part of an answer."""
    path = CONTENT / name
    return in_one_line(" ".join(document.page_content for document in table.load(path, table.loader_for(path))))


def in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_corpus_shows_every_promised_format() -> None:
    assert {path.suffix for path in CONTENT.iterdir()} == FORMATS


def test_there_are_thirty_different_questions() -> None:
    assert len({question["question"] for question in QUESTIONS}) == len(QUESTIONS) == 30


def test_every_file_is_asked_about_at_least_twice() -> None:
    asked = Counter(question["file"] for question in QUESTIONS)
    assert set(asked) == {path.name for path in CONTENT.iterdir()}
    assert min(asked.values()) >= 2


def test_the_language_of_a_question_is_told_truly() -> None:
    for question in QUESTIONS:
        assert set(question) == {"question", "file", "answer", "language"}
        is_chinese = re.search("[\u4e00-\u9fff]", question["question"]) is not None
        assert question["language"] == ("zh" if is_chinese else "en")
    assert {question["language"] for question in QUESTIONS} == {"zh", "en"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"])
def test_the_answer_stands_in_its_file(question: dict[str, str]) -> None:
    assert in_one_line(question["answer"]) in loaded_text(question["file"])


@pytest.mark.parametrize("path", sorted(CONTENT.iterdir()), ids=lambda path: path.name)
def test_a_file_holds_enough_text_to_be_worth_searching(path: Path) -> None:
    assert len(loaded_text(path.name)) > 1000
