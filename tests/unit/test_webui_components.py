"""The small functions behind the components."""

import pytest

from server.api.schemas.chat import Source
from server.api.schemas.files import FileDetails
from webui_pages.components.answer_text import shown_answer
from webui_pages.components.files import note, size_text
from webui_pages.components.sources import place
from webui_pages.labels import Labels
from webui_pages.state import ChatOptions, State, Turn
from webui_pages.ui import literal


def made_state(**options) -> State:
    return State(
        "zh", ChatOptions(**{"temperature": 0.7, "top_k": 3, "relevance_floor": 50, "history_length": 3} | options)
    )


def test_literal_text_has_no_markup_left():
    assert literal("**a** [b](c) <i> $x$ :red[d] `e`") == (r"\*\*a\*\* \[b\]\(c\) \<i\> \$x\$ \:red\[d\] \`e\`")
    assert literal("第一行\n# 第二行") == r"第一行 \# 第二行"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("接口（http://127.0.0.1:7861）没有响应", "接口（`http://127.0.0.1:7861`）没有响应"),
        ("See http://a.b/c_d.", r"See `http://a.b/c_d`\."),
        ("www.a.b`x", r"`www.a.b`\`x"),
    ],
)
def test_literal_addresses_are_no_links(text, shown):
    assert literal(text) == shown


@pytest.mark.parametrize("text", ["![x](http://a/b)", "![x][y]\n\n[y]: http://a", "a!![x](y)", "```\n![x](y)\n```"])
def test_no_picture_is_loaded_from_an_answer(text):
    assert "![" not in shown_answer(text)


@pytest.mark.parametrize(
    "text",
    ["vec![1, 2]", "见 [1] 与 [2]！", "[link](http://a)", "~~删除~~", "`~/a` 与 `$1`", "```sh\ncd ~ $1\n```", "```\n~"],
)
def test_an_answer_without_traps_stays_as_it_is(text):
    assert shown_answer(text) == text


def test_ranges_and_sums_of_money_stay_text():
    assert shown_answer("10~20 元，30~40 元") == r"10\~20 元，30\~40 元"
    assert shown_answer("from $5 to $10, $x$") == r"from \$5 to \$10, $x$"
    assert shown_answer("`a~b` c~d `e") == r"`a~b` c\~d `e"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (34567, "33.8 KB"), (5 * 2**30, "5.0 GB")]
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"page": 3}, "第 3 页"),
        ({"row": 7}, "第 7 行"),
        ({"headings": ["甲", "乙"]}, "甲 › 乙"),
        ({"page": 2, "headings": ["甲"]}, "第 2 页 · 甲"),
        ({"slide": 4, "part": "附件.pptx"}, "附件.pptx · 第 4 张幻灯片"),
        ({"sheet": "价目", "rows": [2, 9]}, "工作表 价目 · 第 2–9 行"),
        ({"lines": [5, 8]}, "第 5–8 行"),
        ({"row": 7, "rows": [7, 7]}, "第 7 行"),
        ({}, ""),
    ],
)
def test_places(where, text):
    source = Source(index=1, knowledge_base="k", file="f", score=0.5, text="t", url="", **where)
    assert place(source, Labels("zh")) == text


def test_history_holds_the_last_answered_turns_oldest_first():
    state = made_state(history_length=2)
    state.turns = [Turn("q1", "a1"), Turn("q2", "a2"), Turn("q3", error="broken"), Turn("q4", "a4")]
    assert [(entry.role, entry.content) for entry in state.history()] == [
        ("user", "q2"), ("assistant", "a2"), ("user", "q4"), ("assistant", "a4"),
    ]  # fmt: skip


def test_no_history_when_none_is_wanted():
    state = made_state(history_length=0)
    state.turns = [Turn("q", "a")]
    assert state.history() == []


@pytest.mark.parametrize(("floor", "distance"), [(0, 2.0), (50, 1.0), (100, 0.0)])
def test_relevance_becomes_the_distance_of_the_api(floor, distance):
    assert made_state(relevance_floor=floor).options.score_threshold == distance


def test_another_knowledge_base_forgets_the_results_of_the_one_before():
    state = made_state()
    state.choose_knowledge_base("a")
    state.uploaded, state.rebuilt = ["x"], ["y"]
    state.choose_knowledge_base("a")
    assert state.uploaded == ["x"]
    state.choose_knowledge_base("b")
    assert (state.uploaded, state.rebuilt) == ([], None)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, ""),
        ({"empty_pages": [4, 5, 9]}, "3 pages without text: 4, 5, 9"),
        ({"percent": 40}, "40%"),
        (
            {"empty_pages": list(range(1, 15))},
            "14 pages without text: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12…",
        ),
    ],
)
def test_notes_on_a_file(facts, text):
    file = FileDetails(name="f", state="ready", size=1, chunks=1, loader="", splitter="", updated="", **facts)
    assert note(file, Labels("en")) == text


def test_lines_of_a_quoted_row_stay_lines_and_markdown_stays_markdown():
    assert shown_answer("code: A\nname: B") == "code: A  \nname: B"
    for markdown in ("- x\n- y", "| a |\n|---|\n| b |", "1. x\n2. y", "```\na\nb\n```", "a\n\nb"):
        assert shown_answer(markdown) == markdown
