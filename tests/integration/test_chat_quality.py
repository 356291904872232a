"""What is promised of the built-ins on the sample knowledge base: follow-ups, refusals, citations."""

import pytest

from benchmarks.chat import SAMPLES, WRITTEN, Answer, failed_turns, read, sample_questions, samples, wrong_quotes
from server.types import Chunk, Hit, Message


@pytest.fixture(scope="module")
def product():
    with samples() as product:
        yield product


def test_follow_ups_find_their_files(product):
    conversations = read(WRITTEN / "conversations.json")
    assert len(conversations) == 20
    assert all(len(conversation) > 1 for conversation in conversations)
    failed = [turns for conversation in conversations if (turns := failed_turns(product, conversation))]
    assert len(failed) <= 2, failed


def test_absent_things_are_refused_and_present_ones_are_not(product):
    absent = [question for questions in read(WRITTEN / "absent_questions.json").values() for question in questions]
    assert len(absent) == 40
    answered = [question for question in absent if not product.ask(question).refused]
    assert len(answered) <= 8, answered
    refused = [item["question"] for item in sample_questions() if product.ask(item["question"]).refused]
    assert len(refused) <= 2, refused


def test_every_quote_stands_in_the_chunk_its_mark_names(product):
    answers = [product.ask(item["question"]) for item in sample_questions()]
    assert sum("[1]" in answer.text for answer in answers) > 20
    assert [quote for answer in answers for quote in wrong_quotes(answer)] == []


@pytest.mark.parametrize("question", ["这个知识库里有哪些文件？", "How many documents are in samples?"])
def test_the_built_in_reader_lists_the_files(product, question):
    names = sorted(path.name for path in (SAMPLES / "content").iterdir())
    answer = product.ask(question, [Message("user", "年假有几天？"), Message("assistant", "7 天。")])
    assert [line.split("`")[1] for line in answer.text.splitlines() if line.startswith("- ")] == names
    assert str(len(names)) in answer.text.splitlines()[0]
    assert answer.text.endswith("\n\n[1]")
    assert answer.rewritten == ""
    assert wrong_quotes(answer) == []


def test_what_follows_the_list_of_files_is_another_topic(product):
    history = [Message("user", "有哪些文件？"), Message("assistant", "- `员工手册.pdf`")]
    assert product.ask("那病假呢？", history).rewritten == ""


def test_a_wrong_mark_and_a_wrong_quote_would_be_seen():
    hit = Hit(Chunk(1, "kb", "a.txt", 0, "保修期为两年。"), 0.9, 0.8, 0.7)
    assert wrong_quotes(Answer("保修期为两年。 [1]", (hit,), "")) == []
    assert wrong_quotes(Answer("保修期为两年。 [2]", (hit,), "")) == ["保修期为两年。"]
    assert wrong_quotes(Answer("保修期为三年。 [1]", (hit,), "")) == ["保修期为三年。"]
