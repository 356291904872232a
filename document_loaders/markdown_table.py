"""Rows of cells as a Markdown table."""

import re


def markdown_table(rows: list[list[str]]) -> str:
    """The table, its first row as the head; short rows are filled up. Empty when no cell holds anything."""
    rows = [[_cell(text) for text in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(len(row) for row in rows)
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")
