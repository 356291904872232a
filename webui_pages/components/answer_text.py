"""The Markdown of an answer, made harmless: a model may write what it likes, and quotes documents that were not
written as Markdown."""

import re

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_LONE_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_LINE_END = re.compile(r"(?<=\S)\n(?=[^\s|>#*+\-\d])")
_AMOUNT = re.compile(r"(?<![$\\])\$(?=\d)")


def shown_answer(text: str) -> str:
    """The answer without pictures, and without three readings of plain text that Streamlit's Markdown has: ranges such
    as 10~20 struck through, sums such as $5 as formulas, and lines run together. Code stays as it is."""
    pieces = _CODE.split(text)
    pieces[::2] = [_plain(piece) for piece in pieces[::2]]
    return _without_images("".join(pieces))


def _plain(piece: str) -> str:
    return _LINE_END.sub("  \n", _AMOUNT.sub(r"\$", _LONE_TILDE.sub(r"\~", piece)))


def _without_images(text: str) -> str:
    """A document could make the model write a picture whose address tells somebody else what was asked. What counts
    as code is the renderer's opinion, so this looks at code as well."""
    may_hold_images = "](" in text or "]:" in text
    return text.replace("![", "!\\[") if may_hold_images else text
