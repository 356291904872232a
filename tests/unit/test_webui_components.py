"""The small functions behind the components."""

from datetime import datetime, timezone

import pytest

from server.api.schemas.files import FileDetails
from webui_pages.components.documents.files import note
from webui_pages.components.documents.numbers import age_text, place_text, size_text
from webui_pages.labels import Labels
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
        ("https://<镜像>", r"https\:\/\/\<镜像\>"),
    ],
)
def test_literal_addresses_are_no_links(text, shown):
    assert literal(text) == shown


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (34567, "33.8 KB"), (5 * 2**30, "5.0 GB")]
)
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2025-03-04T05:06:40+00:00", "just now"),
        ("2025-03-04T05:01:00Z", "6 min ago"),
        ("2025-03-04T02:06:00", "3 h ago"),
        ("2025-03-01T05:06:00+00:00", "3 d ago"),
        ("2024-12-31T23:00:00+00:00", "2024-12-31"),
        ("nonsense", "nonsense"),
    ],
)
def test_ages(moment, text):
    now = datetime(2025, 3, 4, 5, 7, tzinfo=timezone.utc)
    assert age_text(moment, Labels("en"), now) == text


def test_places_in_a_file():
    assert place_text({"page": 3, "headings": ["甲", "乙"]}, Labels("zh")) == "第 3 页 · 甲 › 乙"
    assert place_text({"sheet": "预算", "rows": [2, 9]}, Labels("en")) == "Sheet 预算 · Rows 2–9"
    assert place_text({}, Labels("en")) == ""


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, ""),
        ({"empty_pages": [4, 5, 9]}, "3 pages without text: 4, 5, 9"),
        ({"percent": 40, "error": "old"}, ""),
        ({"error": "it is empty"}, "it is empty"),
        (
            {"empty_pages": list(range(1, 15))},
            "14 pages without text: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12…",
        ),
    ],
)
def test_notes_on_a_file(facts, text):
    file = FileDetails(name="f", state="ready", size=1, chunks=1, loader="", splitter="", updated="", **facts)
    assert note(file, Labels("en")) == text
