"""Source code and configuration: the text as it is, cut where a definition, table or top-level key begins.

Nothing is executed or resolved; a file with errors in it is read all the same.
"""

import re
import tokenize
from collections.abc import Iterator
from itertools import pairwise

from langchain_core.documents import Document

from document_loaders.base import FileLoader
from document_loaders.encoding import read_text
from document_loaders.source_lines import Cut, pieces

_PYTHON_NAME = re.compile(r"(?:async\s+def|def|class)\s+(\w+)")
_PYTHON_DEFINITION = frozenset({"def", "class", "async", "@"})
_TOML_TABLE = re.compile(r"\[\[?[ \t]*([^\[\]\n]+?)[ \t]*\]\]?[ \t]*(?:#.*)?$")
_TOML_LONG_STRING = re.compile(r'"""|\'\'\'')
_YAML_KEY = re.compile(r"(?P<quote>[\"']?)(?P<key>[^\s#\-\"'{\[&*!|>%@`][^\n]*?)(?P=quote)[ \t]*:(?:[ \t]|$)")
_YAML_PART = re.compile(r"(?:---|- |-$)")
# Neighbours of one or two lines (settings, constants) say little alone.
_SHORT = 3


class CodeLoader(FileLoader):
    """Reads Python, TOML and YAML; metadata: `lines`, and `headings` with the name of what is defined there."""

    def lazy_load(self) -> Iterator[Document]:
        """Yield the top-level definitions, tables or keys in the order of the file.

        Raises:
            DocumentUnreadable: it is no text, or its encoding cannot be told.
        """
        # Only \n, as an editor counts: `splitlines` would also cut at form feeds inside of a line.
        lines = read_text(self.path).split("\n")
        cuts = {".py": _python_cuts, ".toml": _toml_cuts}.get(self.path.suffix.lower(), _yaml_cuts)(lines)
        yield from pieces(lines, _without_crumbs(cuts, len(lines)))


def _python_cuts(lines: list[str]) -> list[Cut]:
    """Told by tokens, because a string may hold what looks like a definition."""
    starts: list[tuple[int, bool]] = []
    at_line_start = True
    source = (line + "\n" for line in lines)
    try:
        for token in tokenize.generate_tokens(lambda: next(source, "")):
            if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                continue
            if at_line_start and token.start[1] == 0:
                starts.append((token.start[0] - 1, token.string in _PYTHON_DEFINITION))
            at_line_start = token.type == tokenize.NEWLINE
    except (tokenize.TokenError, SyntaxError):
        pass  # what stands behind the fault stays one piece
    cuts: list[Cut] = []
    was_definition = decorated = False
    for line, is_definition in starts:
        if (is_definition or was_definition) and not decorated:
            cuts.append(Cut(_comment_above(lines, line), _python_headings(lines, line) if is_definition else []))
        decorated = is_definition and lines[line].startswith("@")
        was_definition = is_definition
    return cuts


def _python_headings(lines: list[str], start: int) -> list[str]:
    for line in lines[start : start + 40]:
        if found := _PYTHON_NAME.match(line):
            return [found[1]]
    return []


def _comment_above(lines: list[str], line: int) -> int:
    while line > 0 and lines[line - 1].startswith("#"):
        line -= 1
    return line


def _toml_cuts(lines: list[str]) -> list[Cut]:
    cuts: list[Cut] = []
    open_quote = ""
    for number, line in enumerate(lines):
        if not open_quote and (table := _TOML_TABLE.match(line)):
            cuts.append(Cut(_comment_above(lines, number), [table[1]]))
        for quote in _TOML_LONG_STRING.findall(line):
            open_quote = "" if quote == open_quote else open_quote or quote
    return cuts


def _yaml_cuts(lines: list[str]) -> list[Cut]:
    """What stands in the first column begins something new; all that belongs to it is indented or an item."""
    cuts: list[Cut] = []
    in_key = False
    for number, line in enumerate(lines):
        if key := _YAML_KEY.match(line):
            cuts.append(Cut(_comment_above(lines, number), [key["key"]]))
            in_key = True
        elif line.startswith("---") or (_YAML_PART.match(line) and not in_key):
            cuts.append(Cut(_comment_above(lines, number)))
            in_key = False
    return cuts


def _without_crumbs(cuts: list[Cut], end: int) -> list[Cut]:
    """Join neighbours that are short, under no heading."""
    kept: list[Cut] = []
    joining = False
    for cut, after in pairwise([*cuts, Cut(end)]):
        is_short = after.line - cut.line < _SHORT
        if is_short and joining:
            kept[-1] = Cut(kept[-1].line)
        else:
            kept.append(cut)
        joining = is_short
    return kept
