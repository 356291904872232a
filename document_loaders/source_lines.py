"""Pieces of a text file that are kept as they are, with the lines they came from."""

from dataclasses import dataclass, field

from langchain_core.documents import Document


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a piece begins: the index of its first line, and the headings it stands under."""

    line: int
    headings: list[str] = field(default_factory=list)


def pieces(lines: list[str], cuts: list[Cut]) -> list[Document]:
    """The lines, without their ends, cut before each of `cuts`; blank lines at the edges of a piece are left out.

    Metadata: `lines`, and `headings` where a piece has any. Line n of a document is line n of its piece of the file.
    """
    if not cuts or cuts[0].line > 0:
        cuts = [Cut(0), *cuts]
    ends = [*(cut.line for cut in cuts[1:]), len(lines)]
    found = (_piece(lines, cut, end) for cut, end in zip(cuts, ends, strict=True))
    return [document for document in found if document is not None]


def _piece(lines: list[str], cut: Cut, end: int) -> Document | None:
    start = cut.line
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if start == end:
        return None
    about = {"headings": cut.headings} if cut.headings else {}
    return Document(page_content="\n".join(lines[start:end]), metadata={"lines": [start + 1, end], **about})
