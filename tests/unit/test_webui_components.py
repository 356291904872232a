"""The small functions behind the components."""

import pytest

from server.api.schemas.files import FileDetails
from webui_pages.chat_state import ChatOptions, ChatState
from webui_pages.components.files import note, size_text
from webui_pages.labels import Labels
from webui_pages.state import State
from webui_pages.ui import literal


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


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (34567, "33.8 KB"), (5 * 2**30, "5.0 GB")]
)
def test_sizes(size, text):
    assert size_text(size) == text


def test_another_knowledge_base_forgets_the_results_of_the_one_before():
    state = State("zh", ChatState(ChatOptions(temperature=0.7, top_k=3, relevance_floor=50, history_length=3)))
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
