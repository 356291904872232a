"""Which questions lean on the ones before, and how they are made to stand alone."""

import asyncio

import pytest

from configs.settings import load_settings
from server.chat.followup import FollowUps
from server.chat.prompts import Prompts
from server.errors import ModelFailed
from server.llm.generation import Piece
from server.llm.set_phrases import reply, small_talk
from server.retrieval.rewriting import carried, needs_context, standalone
from server.types import Message, Noticed

HISTORY = (Message("user", "XT-X200-B 的保修期多久？"), Message("assistant", "24 个月。[1]"))


@pytest.mark.parametrize(
    "question",
    [
        "那 XT-X200-P 呢？",
        "它的价格是多少？",
        "第二个呢？",
        "为什么？",
        "多久？",
        "那成都呢",
        "其中哪些收费？",
        "还有吗？",
        "What about Business customers?",
        "How long is it valid?",
        "Why?",
        "And on weekends?",
        "the second one?",
    ],
)
def test_follow_ups_are_seen(question):
    assert needs_context(question)


@pytest.mark.parametrize(
    "question",
    [
        "知问支持哪些文件格式？",
        "去上海出差，酒店住宿一晚最多能报多少钱？",
        "试用期可以休年休假吗？",
        "其他城市的住宿限额是多少？",
        "应该向谁报告安全事件？",
        "How do I upload a file with curl so that it replaces the one of the same name?",
        "When is the weekly maintenance window?",
        "What can I do when a port is already in use?",
    ],
)
def test_whole_questions_are_left_alone(question):
    assert not needs_context(question)
    assert standalone(question, ["从前的问题是什么？"]) == question


def test_no_sample_question_is_taken_for_a_follow_up():
    import json
    from pathlib import Path

    samples = Path(__file__).resolve().parents[2] / "knowledge_base" / "samples" / "questions.jsonl"
    questions = [json.loads(line)["question"] for line in samples.read_text("utf-8").splitlines()]
    assert [question for question in questions if needs_context(question)] == []


@pytest.mark.parametrize(
    ("earlier", "question", "whole"),
    [
        (["XT-X200-B 的保修期多久？"], "那 XT-X200-P 呢？", "XT-X200-P 的保修期多久？"),
        (["27 英寸 4K 显示器的价格是多少？"], "它保修几个月？", "27 英寸 4K 显示器保修几个月？"),
        (["XT-X200-B 的保修期多久？", "那 XT-X200-P 呢？"], "它多重？", "XT-X200-P多重？"),
    ],
)
def test_what_is_missing_comes_from_before(earlier, question, whole):
    assert standalone(question, earlier) == whole


def test_without_a_plain_name_the_words_are_carried_along():
    whole = standalone("那去成都呢？", ["去上海出差，酒店住宿一晚最多能报多少钱？"])
    assert "成都" in whole
    assert "住宿" in whole


def test_only_short_questions_are_carried():
    assert carried("瞒着不报会怎样？", ["安全事件"]) == "安全事件，瞒着不报会怎样？"
    assert carried("比特币今天在交易所的价格是多少？", ["安全事件"]) == ""
    assert carried("瞒着不报会怎样？", []) == ""


def test_a_hostile_question_takes_no_time():
    import time

    began = time.perf_counter()
    for text in ("谢" * 60, "那" * 5000, "它" * 5000, "and " * 5000, "a" * 20000, "好" * 60, "-".join("1" * 5000)):
        small_talk(text)
        needs_context(text)
        standalone(text, [text, text])
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("你好", "greeting"),
        ("Hi there!", "greeting"),
        ("谢谢你的帮助！", "thanks"),
        ("OK, thanks", "thanks"),
        ("再见", "farewell"),
        ("你是谁？", "self"),
        ("谢谢，那年假呢？", None),
        ("hit rate", None),
        ("this", None),
        ("早退怎么算？", None),
        ("好评率是多少", None),
        ("", None),
        ("？", None),
    ],
)
def test_small_talk(text, kind):
    assert small_talk(text) == kind
    assert (reply(text) is None) == (kind is None)


class Model:
    def __init__(self, said="", error=None, delay=0.0):
        self.said, self.error, self.delay, self.prompts = said, error, delay, []

    async def stream(self, messages, generation):
        self.prompts.append(messages[-1].content)
        await asyncio.sleep(self.delay)
        if self.error:
            raise self.error
        yield Piece(self.said)


def rewrite(model, name="Qwen2.5-1.5B-Instruct", text="那 XT-X200-P 呢？", history=HISTORY, **chat):
    settings = load_settings()
    settings = settings.model_copy(update={"chat": settings.chat.model_copy(update=chat)})
    return asyncio.run(FollowUps(settings, model, Prompts()).standalone(text, history, name))


def test_a_language_model_rewrites():
    model = Model("“XT-X200-P 的保修期是多久？”\n")
    assert rewrite(model).text == "XT-X200-P 的保修期是多久？"
    assert "24 个月" in model.prompts[0]


def test_the_built_in_reader_is_not_asked():
    model = Model("x")
    assert rewrite(model, "builtin-extractive").text == "XT-X200-P 的保修期多久？"
    assert model.prompts == []


def test_a_whole_question_or_none_before_asks_nobody():
    model = Model("x")
    assert rewrite(model, text="知问支持哪些文件格式？").text == "知问支持哪些文件格式？"
    assert rewrite(model, history=()).text == "那 XT-X200-P 呢？"
    assert rewrite(model, history=(Message("user", "你好"),)).text == "那 XT-X200-P 呢？"
    assert rewrite(model, follow_ups="off").text == "那 XT-X200-P 呢？"
    assert model.prompts == []


@pytest.mark.parametrize("said", ["", "\n\n", "好的，\n改写如下", "长" * 500])
def test_nonsense_of_a_model_falls_to_the_rule(said):
    assert rewrite(Model(said)).text == "XT-X200-P 的保修期多久？"


def test_a_model_that_fails_or_sleeps_falls_to_the_rule_and_says_so():
    failed = rewrite(Model(error=ModelFailed(name="m", reason="r")))
    assert failed.text == "XT-X200-P 的保修期多久？"
    assert failed.notice == Noticed("model_failed", {"name": "m", "reason": "r"})
    slow = rewrite(Model(delay=5), follow_up_timeout_s=0.05)
    assert slow.text == "XT-X200-P 的保修期多久？"
    assert slow.notice.code == "model_timeout"


def test_a_name_of_the_same_make_takes_the_place_of_the_other():
    assert standalone("E12呢？", ["报警代码E07怎么处理？"]) == "报警代码E12怎么处理？"
    assert standalone("红茶呢", ["绿茶的水温是多少"]) == "红茶的水温是多少"
    assert standalone("首泡时间呢？", ["绿茶的水温是多少"]) == "绿茶的水温是多少，首泡时间"


def test_a_pronoun_after_two_names_is_not_given_to_the_first():
    rewritten = standalone("她在哪个城市？", ["周晓岚的分机", "林婉如呢？"])
    assert "林婉如" in rewritten
    assert standalone("她在哪个城市？", ["周晓岚的分机"]) == "周晓岚在哪个城市？"


def test_a_bare_where_needs_what_was_asked_before():
    assert standalone("地点在哪？", ["蓝鲸项目什么时候验收？"]) == "蓝鲸项目什么时候验收，地点在哪？"
