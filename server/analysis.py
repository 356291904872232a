"""Text analysis shared by the word index, the built-in embedder and the built-in reader.

Chinese, Japanese and Korean text becomes single characters and character pairs, other text words, and a code such as
`PPR-9087` or `v0.2.10` one extra token besides its parts. Traditional characters are folded to simplified ones and
full-width forms to half-width ones (Unicode NFKC), letters to lower case.
"""

import re
import unicodedata
from functools import cache

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
# Without the look behind, every character of a long run would be tried as the beginning of a code.
_CODE = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:[-_./+#][a-z0-9]+)+")
_RUN = re.compile(rf"[{CJK}]+|[^\W{CJK}_]+")
_CJK_CHARACTER = re.compile(f"[{CJK}]")
# 。！？； end a sentence wherever they stand, . ! ? ; only before a blank: "3.5" and "v0.2" stay whole.
_SENTENCE = re.compile(r"[^\n]*?(?:[。！？；…]+[”’」』）)\"']*|[.!?;]+[\"')\]]*(?=\s)|\n|$)")


@cache
def _simplified() -> dict[int, str]:
    """Traditional to simplified, character by character, from OpenCC's own table."""
    from importlib.resources import files

    table = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text("utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if "\t" in line)
    return {ord(old): new.split()[0] for old, new in pairs if len(old) == 1}


def fold(text: str) -> str:
    """Bring spellings of the same text together; the length may change."""
    return unicodedata.normalize("NFKC", text).lower().translate(_simplified())


def terms(text: str) -> list[str]:
    """Index terms in reading order, with repetitions."""
    found: list[str] = []
    folded = fold(text)
    for match in _RUN.finditer(folded):
        run = match.group()
        if _CJK_CHARACTER.match(run):
            found.extend(run)
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.append(run)
    found.extend(_CODE.findall(folded))
    return found


def has_cjk(text: str) -> bool:
    """Whether the text holds Chinese, Japanese or Korean characters."""
    return _CJK_CHARACTER.search(text) is not None


def sentences(text: str) -> list[str]:
    """Sentences in reading order, stripped, without empty ones."""
    return [piece for match in _SENTENCE.finditer(text) if (piece := match.group().strip())]
