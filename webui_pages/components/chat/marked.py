"""Text of a document as Markdown that shows exactly this text, with some of its words marked."""

from collections.abc import Sequence

from webui_pages.ui import literal

MARK = ":orange-background[{}]"


def marked(text: str, marks: Sequence[tuple[int, int]], part: tuple[int, int] | None = None) -> str:
    """The text, or a `part` of it between dots. Marks and part are ranges of characters."""
    start, end = part or (0, len(text))
    shown = "…" if start > 0 else ""
    place = start
    for first, last in sorted(marks):
        first, last = max(first, place), min(last, end)
        if first < last:
            shown += escaped(text[place:first]) + MARK.format(escaped(text[first:last]))
            place = last
    return shown + escaped(text[place:end]) + ("…" if end < len(text) else "")


def escaped(text: str) -> str:
    """Nothing in the text is Markdown any more; its lines stay lines."""
    return "  \n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    """One line with a blank kept at its edges, where it borders on a mark."""
    inner = literal(line)
    before = " " if line[:1].isspace() else ""
    after = " " if inner and line[-1:].isspace() else ""
    return f"{before}{inner}{after}"
