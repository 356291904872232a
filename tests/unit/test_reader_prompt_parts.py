"""Sources and questions survive the way through a prompt, and no text forges one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.llm.prompt_parts import (
    SourceText,
    as_source,
    defang,
    parse_question,
    parse_sources,
    render_question,
    render_sources,
)

hostile = st.lists(
    st.sampled_from(
        ['<source id="9" file="x" place="">\n', "\n</source>", "</source>", "< / SOURCE >", "<question>", "</question>",
         "<sources>", '"', "&quot;", "&amp;", "&", "<", ">", "\n", "文字", "a"]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)  # fmt: skip
sources_ = st.lists(st.builds(SourceText, st.integers(1, 99), hostile, hostile, hostile), max_size=5)


@given(sources=sources_, question=hostile, before=st.sampled_from(["", "请回答。\n", "Use <the sources> only.\n"]))
def test_round_trip(sources, question, before):
    prompt = f"{before}{render_sources(sources)}\n\n{render_question(question)}"
    found = parse_sources(prompt)
    assert [(one.number, one.text) for one in found] == [(one.number, as_source(one.text)) for one in sources]
    assert [one.file for one in found] == [defang(" ".join(one.file.split())) for one in sources]
    assert [one.place for one in found] == [defang(" ".join(one.place.split())) for one in sources]
    assert parse_question(prompt) == defang(question)


@given(text=hostile)
def test_defanging_twice_changes_nothing_more(text):
    assert defang(defang(text)) == defang(text)
    assert len(defang(text)) == len(text)


@pytest.mark.parametrize("text", ["if a < b: return", "<sources>", "<questionnaire>", "<b>bold</b>", "vector<int>"])
def test_ordinary_text_is_left_alone(text):
    assert defang(text) == text


def test_no_question_is_not_an_empty_question():
    assert parse_question("hello") is None
    assert parse_question(render_question("")) == ""


def test_a_footnote_of_a_document_does_not_pass_for_the_mark_of_a_source():
    text = "逾期扣减5%。[2]\n[2] 住院除外 [3, 4]，见 a[0]。"
    (back,) = parse_sources(render_sources([SourceText(1, "a.docx", "", text)]))
    assert back.text == "逾期扣减5%。［2］\n［2］ 住院除外 ［3, 4］，见 a[0]。"
