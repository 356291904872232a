"""The right text in front of questions and documents of each family, and batches of like length."""

import pytest

from configs.sections.models import EmbedModel
from server.llm.embedding_families import family, instructions
from server.llm.length_batches import length_batches

MODEL = EmbedModel(engine="sentence-transformers")
BGE_ZH = "为这个句子生成表示以用于检索相关文章："


@pytest.mark.parametrize(
    ("repo", "query", "passage"),
    [
        ("moka-ai/m3e-base", "", ""),
        ("BAAI/bge-large-zh-v1.5", BGE_ZH, ""),
        ("BAAI/bge-base-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("BAAI/bge-m3", "", ""),
        ("maidalun1020/bce-embedding-base_v1", "", ""),
        ("thenlper/gte-large-zh", "", ""),
        ("shibing624/text2vec-base-chinese", "", ""),
        ("sensenova/piccolo-base-zh", "查询: ", "结果: "),
        ("sensenova/piccolo-large-zh-v2", "", ""),
        ("intfloat/multilingual-e5-base", "query: ", "passage: "),
        ("infgrad/stella-base-zh", "查询: ", "结果: "),
        ("infgrad/stella-base-zh-v3-1792d", "", ""),
        ("jinaai/jina-embeddings-v2-base-zh", "", ""),
    ],
)
def test_a_family_has_its_own_texts(repo: str, query: str, passage: str) -> None:
    found = instructions(MODEL, family(("mine", repo)), {})
    assert (found.query, found.passage) == (query, passage)


def test_models_that_follow_orders_get_one() -> None:
    for repo in ("Qwen/Qwen3-Embedding-0.6B", "Alibaba-NLP/gte-Qwen2-1.5B-instruct"):
        assert instructions(MODEL, family((repo,)), {}).query.startswith("Instruct: Given a web search query")


def test_the_prompts_of_the_model_win_over_the_table_and_settings_over_both() -> None:
    own = {"query": "Q: ", "document": "D: "}
    found = family(("BAAI/bge-small-zh-v1.5",))
    assert instructions(MODEL, found, own).query == "Q: "
    assert instructions(MODEL, found, own).passage == "D: "
    silent = MODEL.model_copy(update={"query_instruction": "", "passage_instruction": ""})
    assert instructions(silent, found, own).query == ""
    assert instructions(silent, found, own).passage == ""


def test_batches_hold_like_lengths_and_no_more_than_the_budget() -> None:
    lengths = [3, 100, 7, 99, 1, 500, 8]
    batches = list(length_batches(lengths, 200))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert batches[0] == [5]
    assert all(len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= 200 for batch in batches)
