"""Tokenizers that count for the splitters; only files of this machine are read, nothing is downloaded."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from text_splitter.errors import MissingModel, MissingPackage
from text_splitter.lengths import Tokens

_TIKTOKEN = "tiktoken:"
_TIKTOKEN_HOME = "https://openaipublic.blob.core.windows.net/encodings"  # names its files; never asked


@lru_cache(maxsize=4)
def tokens_of(tokenizer: str) -> Tokens:
    """Lengths in the tokens of a tokenizer, without the special ones at both ends.

    `tokenizer` is a folder with a Hugging Face tokenizer, the name of one in the local Hugging Face cache, or
    "tiktoken:ENCODING", whose file must be in TIKTOKEN_CACHE_DIR.

    Raises:
        MissingModel: its files are not on this machine.
        MissingPackage: the package that reads it is not installed.
    """
    if tokenizer.startswith(_TIKTOKEN):
        return Tokens(_tiktoken(tokenizer.removeprefix(_TIKTOKEN)))
    folder = Path(tokenizer).expanduser()
    if folder.is_file():
        return Tokens(_fast(folder))
    if (folder / "tokenizer.json").is_file():
        return Tokens(_fast(folder / "tokenizer.json"))
    if folder.is_dir():
        return Tokens(_converted(folder))
    return Tokens(_fast(_cached(tokenizer)))


def _cached(name: str) -> Path:
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the tokenizer {_bare(name)}", "huggingface_hub") from error
    try:
        found = try_to_load_from_cache(name, "tokenizer.json")
    except HFValidationError:
        found = None
    if not isinstance(found, str):
        raise _missing(name, f"hf download {_bare(name)} tokenizer.json")
    return Path(found)


def _fast(file: Path) -> Callable[[str], Sequence[int]]:
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the tokenizer {file.parent.name}", "tokenizers") from error
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: [start for start, _ in tokenizer.encode(text, add_special_tokens=False).offsets]


def _converted(folder: Path) -> Callable[[str], Sequence[int]]:
    """A folder from before tokenizer.json (vocab.txt and the like): transformers converts it."""
    try:
        from transformers import AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the tokenizer {folder.name}", "transformers") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise _missing(folder.name, f"hf download REPOSITORY --local-dir {folder.name}") from error
    if not tokenizer.is_fast:
        raise _missing(folder.name, f"hf download REPOSITORY tokenizer.json --local-dir {folder.name}")

    def starts(text: str) -> list[int]:
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return [start for start, _ in encoded["offset_mapping"]]

    return starts


def _tiktoken(encoding: str) -> Callable[[str], Sequence[int]]:
    try:
        import tiktoken
    except ModuleNotFoundError as error:
        raise MissingPackage(f"the tokenizer {_TIKTOKEN}{encoding}", "tiktoken") from error
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    folder = folder or str(Path(tempfile.gettempdir(), "data-gym-cache"))
    address = f"{_TIKTOKEN_HOME}/{encoding}.tiktoken"
    file = Path(folder, hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest())
    if not file.is_file():
        command = f"on a machine with a network run python -c \"import tiktoken; tiktoken.get_encoding('{encoding}')\""
        raise _missing(_TIKTOKEN + encoding, f"{command} with TIKTOKEN_CACHE_DIR set, and copy that folder")
    encoder = tiktoken.get_encoding(encoding)

    def starts(text: str) -> list[int]:
        return encoder.decode_with_offsets(encoder.encode(text, disallowed_special=()))[1]

    return starts


def _missing(name: str, install: str) -> MissingModel:
    return MissingModel("the length of chunks in tokens", f"the tokenizer {_bare(name)}", install)


def _bare(name: str) -> str:
    """The name without the folders of this machine."""
    return Path(name).name if Path(name).is_absolute() else name
