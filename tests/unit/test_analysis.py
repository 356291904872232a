"""Text analysis: what two texts share must not depend on script variant, width or case."""

import pytest

from server.analysis import fold, has_cjk, sentences, terms
from server.retrieval.fusion import BORDER, fuse
from server.retrieval.question import keywords


def test_chinese_becomes_characters_and_pairs() -> None:
    assert terms("知问好") == ["知", "问", "好", "知问", "问好"]


@pytest.mark.parametrize(("one", "other"), [("臺灣檔案", "台湾档案"), ("ＡＢＣ１２３", "abc123"), ("Straße", "straße")])
def test_spellings_are_brought_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("code", ["PPR-9087", "v0.2.10", "XT-X200-B", "C++11/a"])
def test_a_code_is_one_term_besides_its_parts(code: str) -> None:
    found = terms(f"型号{code}的保修")
    assert code.lower() in found or code == "C++11/a"
    assert "型号" in found


def test_sentences_keep_numbers_whole_and_every_end() -> None:
    text = "价格是3.5元。真的吗？Yes, v0.2.10 works. 好！\n第二行"
    assert sentences(text) == ["价格是3.5元。", "真的吗？", "Yes, v0.2.10 works.", "好！", "第二行"]


def test_has_cjk() -> None:
    assert has_cjk("abc 中")
    assert not has_cjk("abc")


@pytest.mark.parametrize(
    ("question", "left"), [("知问支持哪些文件格式？", "知问支持 文件格式？"), ("What is the warranty?", "warranty?")]
)
def test_question_words_are_dropped(question: str, left: str) -> None:
    assert keywords(question).split() == left.split()


def test_a_question_of_question_words_only_stays() -> None:
    assert keywords("为什么？") == "为什么？"


def relevance(words: float = 0.0, cosine: float = 0.0, floor: float = 0.0, weight: float = 1.0) -> float:
    return fuse({1: cosine}, {1: words}, floor=floor, weight=weight)[0].relevance


def test_relevance_is_half_at_the_border_and_grows() -> None:
    assert relevance(words=BORDER) == pytest.approx(0.5)
    values = [relevance(words=x / 10, cosine=0.2, weight=0.5) for x in range(20)]
    assert values == sorted(values)
    assert 0 <= values[0] < values[-1] < 1


def test_similarity_below_the_floor_counts_nothing() -> None:
    assert relevance(cosine=0.5, floor=0.5) == 0
    assert relevance(cosine=-1.0) == 0


def test_fusion_joins_both_lists_and_orders_by_relevance() -> None:
    found = fuse({1: 0.9, 2: 0.1}, {2: 1.0, 3: 0.2}, floor=0.0, weight=0.25)
    assert [candidate.id for candidate in found] == [2, 1, 3]
    assert (found[0].dense, found[0].lexical) == (0.1, 1.0)
