"""Counting tokens: with the model's own tokenizer where its file is here, else by an estimate on the safe side."""

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from server.analysis import CJK

Count = Callable[[str], int]
_WIDE = re.compile(f"[{CJK}\u3000-\u303f\uff00-\uffef]+")
_TIKTOKEN_DATA = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


def estimate(text: str) -> int:
    """Estimated number of tokens: one for each CJK character, one for four others; rather too high than too low."""
    wide = sum(map(len, _WIDE.findall(text)))
    return wide + (len(text) - wide + 3) // 4


class TokenCounter:
    """Counts for one model. Loading a tokenizer takes up to a second, so a thread does it; until then it estimates."""

    def __init__(self, load: Callable[[], Count | None]) -> None:
        self._count: Count = estimate
        self._load = load
        self._thread: threading.Thread | None = None

    def __call__(self, text: str) -> int:
        """Tokens of a text; the first call begins to load."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tokenizer", daemon=True)
            self._thread.start()
        return self._count(text)

    @property
    def exact(self) -> bool:
        """Whether the model's own tokenizer counts by now."""
        return self._count is not estimate

    def _run(self) -> None:
        self._count = self._load() or estimate


def from_folder(folder: Path) -> Count | None:
    """The tokenizer in a folder of weights; None when there is none of the fast kind."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def from_tiktoken(model: str) -> Count | None:
    """OpenAI's tokenizer of a model; None when its data is not on this machine. Nothing is fetched."""
    try:
        from tiktoken import get_encoding
        from tiktoken.model import encoding_name_for_model

        name = encoding_name_for_model(model)
    except (ImportError, KeyError):
        return None
    if not _tiktoken_file(name).is_file():
        return None
    encoding = get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def _tiktoken_file(encoding: str) -> Path:
    """Where tiktoken keeps what it has fetched once."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    place = Path(folder) if folder else Path(tempfile.gettempdir()) / "data-gym-cache"
    return place / hashlib.sha1(_TIKTOKEN_DATA.format(encoding).encode(), usedforsecurity=False).hexdigest()
