"""Chinese title enhancement: short numbered titles are marked, and the text below them names them."""

import re
from collections.abc import Iterable

from langchain_core.documents import Document

_LONGEST_TITLE = 20
_ENDS_IN_PUNCTUATION = re.compile(r"[^\w\s]\Z")


def mark_titles(documents: Iterable[Document]) -> list[Document]:
    """Copies of one file's documents; the originals stay as they are.

    A document that is a title gets the metadata `category = "cn_Title"`. One below a title begins with a sentence that
    names it, unless it begins with a title itself; the last title in a document rules the following ones. That
    sentence has at most 28 characters, which come on top of the size that a splitter kept; `spans` move along.
    """
    found: list[Document] = []
    title = ""
    for document in documents:
        text = document.page_content
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        metadata = dict(document.metadata)
        if is_title(text.strip()):
            metadata["category"] = "cn_Title"
        elif title and lines and not is_title(lines[0]):
            added = f"下文与({title})有关。"
            text = added + text
            if metadata.get("spans"):
                metadata["spans"] = [
                    [start + len(added), end + len(added), box] for start, end, box in metadata["spans"]
                ]
        title = next((line for line in reversed(lines) if is_title(line)), title)
        found.append(Document(page_content=text, metadata=metadata, id=document.id))
    return found


def is_title(text: str) -> bool:
    """Whether a line looks like a numbered title such as "第一章 总则" or "2.1 安装"."""
    if not text or len(text) > _LONGEST_TITLE or "\n" in text or _ENDS_IN_PUNCTUATION.search(text) or text.isnumeric():
        return False
    visible = [char for char in text if not char.isspace()]
    letters = sum(char.isalpha() for char in visible)
    return letters * 2 >= len(visible) and any(char.isnumeric() for char in text[:5])
