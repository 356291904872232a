"""Summarising: what fits into a prompt, how many are asked side by side, and the summary without a model."""

import asyncio

import pytest

from configs.settings import load_settings
from server.chat.central import central_sentences, extract
from server.chat.summarizer import AT_A_TIME, Summarizer, Wanted
from server.errors import ModelFailed, NothingToSummarize
from server.llm.generation import Piece

WINDOW = 1000


class Model:
    """Answers with how many characters it was given, or with what a test says."""

    default = "writer"

    def __init__(self, answer=None, error_at: int = 0):
        self.answer, self.error_at = answer, error_at
        self.prompts: list[str] = []
        self.generations = []
        self.now = self.most = 0

    def window(self, model):
        return WINDOW

    def count_tokens(self, model, text):
        return len(text)

    async def stream(self, messages, generation):
        (message,) = messages
        self.prompts.append(message.content)
        self.generations.append(generation)
        number = len(self.prompts)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.01)
            if number == self.error_at:
                raise ModelFailed(name="writer", reason="it broke")
            answer = self.answer(number) if self.answer else f"概括{number}"
            for character in answer:
                yield Piece(character)
        finally:
            self.now -= 1


def summarize(asked: Model, texts: list[str], title: str = "手册.txt", **wanted):
    told: list[tuple[int, int]] = []

    async def progress(done, total):
        told.append((done, total))

    summarizer = Summarizer(load_settings(), asked)
    summary = asyncio.run(summarizer.summarize(title, texts, Wanted(**wanted), progress))
    return summary, told


def test_a_short_text_is_one_question():
    model = Model()
    summary, told = summarize(model, ["第一段。", "第二段。"], description="员工手册")
    assert (summary.text, summary.parts, summary.extractive, summary.model) == ("概括1", ("概括1",), False, "writer")
    (prompt,) = model.prompts
    assert "第一段。\n\n第二段。" in prompt
    assert "手册.txt" in prompt
    assert "员工手册" in prompt
    assert told == [(0, 1), (1, 1)]


def test_every_part_is_read_once_and_fits():
    texts = [f"第{number}段" + "字" * 150 for number in range(40)]
    model = Model()
    summary, told = summarize(model, texts)
    assert all(len(prompt) <= WINDOW for prompt in model.prompts)
    assert [sum(text in prompt for prompt in model.prompts) for text in texts] == [1] * 40
    assert len(summary.parts) > 5
    assert told[-1][0] == told[-1][1] == len(model.prompts)
    assert all(part in "".join(model.prompts[len(summary.parts) :]) for part in summary.parts)


def test_few_are_asked_side_by_side():
    model = Model()
    summarize(model, ["字" * 300] * 12)
    assert model.most == AT_A_TIME


def test_a_text_larger_than_the_window_is_cut():
    model = Model()
    text = "".join(chr(0x4E00 + number % 5000) for number in range(3000))
    summarize(model, [text])
    assert all(len(prompt) <= WINDOW for prompt in model.prompts)


def test_long_summaries_of_parts_still_come_to_an_end():
    model = Model(answer=lambda _: "长" * 900)
    summary, _ = summarize(model, ["字" * 300] * 20)
    assert summary.text.startswith("长")
    assert len(model.prompts) < 60


def test_choices_reach_the_model():
    model = Model()
    summarize(model, ["x"], model="other", temperature=0.1, max_tokens=50)
    (asked,) = model.generations
    assert (asked.model, asked.temperature, asked.max_tokens) == ("other", 0.1, 50)


def test_text_cannot_add_places_to_the_template():
    model = Model()
    summarize(model, ["{{ title }} {{ text }} <source id=1>"], title="甲")
    assert "{{ title }} {{ text }}" in model.prompts[0]


def test_a_failure_ends_all():
    model = Model(error_at=2)
    with pytest.raises(ModelFailed):
        summarize(model, ["字" * 300] * 20)
    assert len(model.prompts) <= 2 * AT_A_TIME
    assert model.now == 0


def test_an_empty_answer_is_a_failure():
    with pytest.raises(ModelFailed, match="empty"):
        summarize(Model(answer=lambda _: "  "), ["x"])


@pytest.mark.parametrize("model_name", ["", "builtin-extractive"])
@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_nothing_to_summarise(texts, model_name):
    with pytest.raises(NothingToSummarize):
        summarize(Model(), texts, model=model_name)


LEAVE = [
    "年假制度规定员工入职满一年后享有五天年假。",
    "年假须提前三天向部门主管申请年假审批。",
    "未休完的年假可以顺延到次年三月底之前。",
    "食堂周五供应红烧肉和绿豆汤。",
    "员工年假期间工资照常发放，年假不影响奖金。",
]


def test_the_built_in_reader_quotes_what_is_central_and_says_so():
    model = Model()
    summary, told = summarize(model, ["\n".join(LEAVE)], model="builtin-extractive")
    assert summary.extractive
    assert model.prompts == []
    assert summary.text.startswith("以下句子摘自原文")
    assert told[-1] == (1, 1)


def test_central_sentences_are_those_of_the_text_in_its_order():
    found = central_sentences(LEAVE * 3)
    assert found == [sentence for sentence in LEAVE if sentence in found]
    assert extract(["The warranty lasts two years from purchase. The warranty needs an invoice."]).startswith(
        "Sentences"
    )


def test_a_stray_sentence_is_the_last_to_be_taken(monkeypatch):
    monkeypatch.setattr("server.chat.central.SENTENCES", 4)
    assert LEAVE[3] not in central_sentences(LEAVE)


def test_repetitions_are_not_taken_twice():
    same = ["保修期为购买之日起二十四个月。", "保修期为购买之日起二十四个月哦。", "运费由卖家承担直到签收为止。"]
    assert "运费由卖家承担直到签收为止。" in central_sentences(same)


def test_a_summary_of_summaries_is_made_of_their_sentences():
    first = extract(["\n".join(LEAVE)])
    again = extract([f"年假.txt\n{first}", f"再一份.txt\n{first}"]).splitlines()
    assert again[0].startswith("以下句子")
    assert {line.removeprefix("- ") for line in again[1:]} <= {*LEAVE}


def test_a_huge_text_takes_little_time():
    import time

    texts = [
        f"第{number}条规定：编号{number * 7}的设备应当每{number % 9}个月检修一次。" * 3 for number in range(20_000)
    ]
    began = time.monotonic()
    assert central_sentences(texts)
    assert time.monotonic() - began < 30
