"""The Markdown of an answer, made harmless: a model may write what it likes, and quotes documents that were not
written as Markdown."""

import re

_CODE = r"```.*?(?:```|\Z)|`[^`\n]*`"
_FORMULA = r"\\\[\s(?:(?!\n\s*\n).)*?\s\\\]|\\\( [^\n]*? \\\)"
_KEPT = re.compile(f"({_CODE}|{_FORMULA})", re.DOTALL)
_LONE_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_LINE_END = re.compile(r"(?<=\S)\n(?=[^\s|>#*+\-\d])")
_AMOUNT = re.compile(r"(?<![$\\])\$(?=\d)")


def shown_answer(text: str) -> str:
    """The answer without pictures, and without three readings of plain text that Streamlit's Markdown has: ranges such
    as 10~20 struck through, sums such as $5 as formulas, and lines run together. Code stays as it is. Formulas may be
    written as models write them, between \\( and \\) or \\[ and \\]."""
    pieces = _KEPT.split(text)
    pieces[::2] = [_plain(piece) for piece in pieces[::2]]
    pieces[1::2] = [_formula(piece) if piece.startswith("\\") else piece for piece in pieces[1::2]]
    return _without_images("".join(pieces))


def _plain(piece: str) -> str:
    return _LINE_END.sub("  \n", _AMOUNT.sub(r"\$", _LONE_TILDE.sub(r"\~", piece)))


def _formula(piece: str) -> str:
    """As Streamlit knows it. Between brackets without blanks stands no formula but Markdown's word for a bracket."""
    sign = "$$" if piece.startswith("\\[") else "$"
    return f"{sign}{' '.join(piece[2:-2].split())}{sign}"


def _without_images(text: str) -> str:
    """A document could make the model write a picture whose address tells somebody else what was asked. What counts
    as code is the renderer's opinion, so this looks at code as well."""
    may_hold_images = "](" in text or "]:" in text
    return text.replace("![", "!\\[") if may_hold_images else text
