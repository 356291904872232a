"""The headings of a page, told by bookmarks."""

from document_loaders.pdf_outline import Outline

OUTLINE = Outline(
    [
        (2, 1, "1 Start"),
        (2, 2, "1.1 Unpack"),
        (4, 2, "1.2 Plug in"),
        (4, 2, "1.3 Switch on"),
        (6, 1, "2 Use "),
        (7, 1, ""),
    ]
)


def test_without_bookmarks_there_are_no_headings() -> None:
    assert Outline([]).headings(1) == []
    assert OUTLINE.headings(1) == []


def test_a_page_without_a_bookmark_goes_on_under_the_last_one() -> None:
    assert OUTLINE.headings(3) == ["1 Start", "1.1 Unpack"]
    assert OUTLINE.headings(5) == ["1 Start", "1.3 Switch on"]


def test_a_page_with_several_is_under_what_they_share() -> None:
    assert OUTLINE.headings(2) == ["1 Start", "1.1 Unpack"]
    assert OUTLINE.headings(4) == ["1 Start"]


def test_two_chapters_on_a_page_share_nothing_so_the_first_counts() -> None:
    assert Outline([(1, 1, "A"), (1, 1, "B")]).headings(1) == ["A"]
