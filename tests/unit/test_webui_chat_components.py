"""The small functions behind the chat page."""

from io import BytesIO

import pytest
from PIL import Image

from server.api.schemas.chat import Source
from webui_pages.chat_state import ChatOptions
from webui_pages.components.answer_text import shown_answer
from webui_pages.components.chat.commands import as_question, is_command
from webui_pages.components.chat.marked import marked
from webui_pages.components.chat.passage import has_picture
from webui_pages.components.chat.sources import place, snippet
from webui_pages.components.page_picture import boxed
from webui_pages.labels import Labels


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
    ("text", "shown"),
    [
        (r"so \( 2x~y \) is", "so $2x~y$ is"),
        ("thus\n\\[\n  x^2 \\\\\n  + y\n\\]\nholds", "thus\n$$x^2 \\\\ + y$$\nholds"),
        (r"`\( x \)`", r"`\( x \)`"),
        (r"\[note\] and \(aside\)", r"\[note\] and \(aside\)"),
        ("\\( a\n\nb \\)", "\\( a\n\nb \\)"),
    ],
)
def test_formulas_of_models_are_formulas_and_brackets_stay_brackets(text, shown):
    assert shown_answer(text) == shown


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


def test_marks_are_shown_and_markup_of_the_text_is_not():
    assert marked("# 年假 *7* 天", [(2, 4)]) == r"\# :orange-background[年假] \*7\* 天"
    assert marked("甲乙丙丁戊", [(0, 1), (2, 9)], (1, 4)) == "…乙:orange-background[丙丁]…"
    assert marked("a\n    b", []) == "a  \n b"
    assert marked("<b>", [(0, 3)]) == r":orange-background[\<b\>]"


def test_a_snippet_is_the_excerpt_within_its_length():
    whole = Source(index=1, knowledge_base="k", file="f", score=0.5, text="字" * 1000, url="", excerpt=(10, 900))
    assert snippet(whole) == (10, 410)
    assert snippet(whole.model_copy(update={"excerpt": None})) == (0, 400)


def test_boxes_are_drawn_where_the_passage_stands():
    blank = BytesIO()
    Image.new("RGB", (200, 100), "white").save(blank, "PNG")
    page = Image.open(BytesIO(boxed(blank.getvalue(), [[0.5, 0.5, 1.0, 1.0]])))
    assert page.getpixel((20, 20)) == (255, 255, 255)
    assert page.getpixel((150, 75)) != (255, 255, 255)


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ({"file": "a.PDF"}, True),
        ({"file": "a.jpg"}, True),
        ({"file": "a.docx"}, False),
        ({"file": "mail.eml", "part": "a.pdf"}, False),
        ({"file": "a.pdf", "part": "inner.pdf"}, False),
        ({"file": "a.pdf", "knowledge_base": ""}, False),
    ],
)
def test_which_passages_have_a_picture(where, shown):
    source = Source(**{"index": 1, "knowledge_base": "k", "score": 0.5, "text": "t", "url": ""} | where)
    assert has_picture(source) is shown


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("/help", True), ("/new 周报", True), ("//etc", False), ("/ a", False), ("1/2", False), ("/1", False)],
)
def test_what_is_a_command(text, is_one):
    assert is_command(text) is is_one


def test_two_slashes_send_one():
    assert as_question("//etc 是什么") == "/etc 是什么"
    assert as_question("a//b") == "a//b"


@pytest.mark.parametrize(("floor", "distance"), [(0, 2.0), (50, 1.0), (100, 0.0)])
def test_relevance_becomes_the_distance_of_the_api(floor, distance):
    assert ChatOptions(temperature=0.7, top_k=3, relevance_floor=floor, history_length=3).score_threshold == distance


def test_lines_of_a_quoted_row_stay_lines_and_markdown_stays_markdown():
    assert shown_answer("code: A\nname: B") == "code: A  \nname: B"
    for markdown in ("- x\n- y", "| a |\n|---|\n| b |", "1. x\n2. y", "```\na\nb\n```", "a\n\nb"):
        assert shown_answer(markdown) == markdown
