"""The marked parts of a prompt: sources and question. The chat writes them, the built-in reader reads them back.

Text from documents and users cannot forge a part: a tag in it that looks like one of ours is shown with ‹ in the place
of <, which people and language models read without trouble.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LOOK_ALIKE = re.compile(r"<(?=\s*/?\s*(?:source|question)(?![A-Za-z]))", re.IGNORECASE)
# A footnote of the document's own would pass for the mark of a source. Not within code: a[0].
_NOTE_MARK = re.compile(r"(?<![A-Za-z0-9_\])])\[(\d{1,3}(?:\s*[,，、–-]\s*\d{1,3})*)\]")
_QUOTE_WHOLE = ' quote="whole"'
_SOURCE = re.compile(
    rf'<source id="(\d+)" file="([^"\n]*)" place="([^"\n]*)"({_QUOTE_WHOLE})?>\n(.*?)\n</source>', re.DOTALL
)
_WIDE_BRACKETS = r"［\1］"
_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A passage put before a model. `number` is its mark in the answer, from 1; `place` a page, row or heading path.

    What is `whole` is itself the answer, not a text to find one in.
    """

    number: int
    file: str
    place: str
    text: str
    whole: bool = False


def render_sources(sources: Sequence[SourceText]) -> str:
    """The blocks of a prompt that hold the sources."""
    return "\n".join(
        f'<source id="{source.number}" file="{_attribute(source.file)}" place="{_attribute(source.place)}"'
        f"{_QUOTE_WHOLE if source.whole else ''}>\n"
        f"{as_source(source.text)}\n</source>"
        for source in sources
    )


def render_question(text: str) -> str:
    """The block of a prompt that holds the question."""
    return f"<question>{defang(text)}</question>"


def parse_sources(prompt: str) -> list[SourceText]:
    """The sources of a prompt, as they are shown in it."""
    return [
        SourceText(int(number), _unescape(file), _unescape(place), text, bool(whole))
        for number, file, place, whole, text in _SOURCE.findall(prompt)
    ]


def parse_question(prompt: str) -> str | None:
    """The question of a prompt, None where none is marked."""
    found = _QUESTION.search(prompt)
    return found.group(1) if found else None


def defang(text: str) -> str:
    """The text with nothing in it that looks like a part of a prompt."""
    return _LOOK_ALIKE.sub("‹", text)


def as_source(text: str) -> str:
    """The text of a document as it stands in a prompt: defanged, and without marks that look like ours."""
    return _NOTE_MARK.sub(_WIDE_BRACKETS, defang(text))


def _attribute(text: str) -> str:
    return defang(" ".join(text.split())).replace("&", "&amp;").replace('"', "&quot;")


def _unescape(text: str) -> str:
    return text.replace("&quot;", '"').replace("&amp;", "&")
