"""Templates: found by listing, filled in one pass."""

import pytest

from server.chat.prompts import Prompts, fill, has_place
from server.errors import PromptNotFound


@pytest.mark.parametrize("name", ["nope", "../llm_chat/default", "..", "", "default.md", "/etc/passwd", "def\0ault"])
def test_unknown_names_are_refused(name):
    with pytest.raises(PromptNotFound) as caught:
        Prompts().load("knowledge_base_chat", name)
    assert "default" in str(caught.value)


def test_edited_template_counts_at_once(tmp_path):
    file = tmp_path / "g" / "t.md"
    file.parent.mkdir()
    file.write_text("one {{ input }}\n", "utf-8")
    prompts = Prompts(tmp_path)
    assert prompts.load("g", "t") == "one {{ input }}"
    file.write_text("two", "utf-8")
    assert prompts.load("g", "t") == "two"


def test_user_text_is_never_template():
    filled = fill("Q: {{ question }} C: {{context}}", {"question": "{{ context }} {x} \\1", "context": "{{question}}"})
    assert filled == "Q: {{ context }} {x} \\1 C: {{question}}"


def test_unknown_place_stays():
    assert fill("{{ other }}", {"input": "x"}) == "{{ other }}"


def test_has_place():
    assert has_place("a {{history}} b", "history")
    assert not has_place("a {{ input }} b", "history")


@pytest.mark.parametrize("name", ["default", "text", "empty"])
def test_grounded_templates_hold_question_and_context(name):
    template = Prompts().load("knowledge_base_chat", name)
    assert has_place(template, "question")
    assert has_place(template, "context")


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("llm_chat", {"default", "with_history", "py"}),
        ("knowledge_base_chat", {"default", "text", "empty"}),
        ("search_engine_chat", {"default", "search", "empty"}),
        ("completion", {"default"}),
        ("follow_up", {"default"}),
    ],
)
def test_the_templates_of_0_2_10_are_there_under_their_names(group, names):
    prompts = Prompts()
    assert names <= set(prompts.names(group))
    wanted = {"llm_chat": "input", "completion": "input", "follow_up": "input"}.get(group, "question")
    assert all(has_place(prompts.load(group, name), wanted) for name in names)
