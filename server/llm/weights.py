"""Where the weights of a model lie on this machine, and whether they are whole. Looks at folders, loads nothing."""

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from configs.sections.models import EmbedModel, LlmModel, RerankModel
from configs.settings import Settings

AnyModel = LlmModel | EmbedModel | RerankModel
POINTER = b"version https://git-lfs"
_WINDOWS = ("max_position_embeddings", "seq_length", "max_sequence_length", "n_positions", "n_ctx")
_TENSORS = ("*.safetensors", "*.bin")


def weights_folder(settings: Settings, name: str, model: AnyModel) -> Path | None:
    """Its `path`, `<paths.models>/<name>`, or the cache of a hub; None when there is no such folder."""
    return next((folder for folder in _candidates(settings, name, model) if (folder / "config.json").is_file()), None)


def defect(folder: Path) -> tuple[str, str] | None:
    """What is missing in a folder of weights, in English and Chinese; None when nothing is seen to be missing.

    Sees pointers that git leaves when its LFS extension is not installed, files that were cut off, and missing shards.
    """
    for pattern in _TENSORS:
        for file in folder.glob(pattern):
            if _is_pointer(file):
                return f"{file.name} is only a pointer of git-LFS", f"{file.name} 只是 git-LFS 指针文件"
            if file.suffix == ".safetensors" and _is_cut(file):
                return f"{file.name} is cut off", f"{file.name} 不完整"
    absent = [shard for shard in _shards(folder) if not (folder / shard).is_file()]
    if absent:
        return f"{', '.join(absent[:3])} missing", f"缺少 {', '.join(absent[:3])}"
    return None


def window_of(folder: Path) -> int | None:
    """Tokens of prompt and answer together that the weights were made for; None when their configuration does not tell.

    A model that reads pictures keeps it in the part about text; a stretched one says by what.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    text = config.get("text_config") or config
    made_for = next((length for name in _WINDOWS if (length := text.get(name))), None)
    rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
    stretched = (rope.get("factor") or 1) * (rope.get("original_max_position_embeddings") or 0)
    return max(int(made_for), int(stretched)) if made_for else None


def size(folder: Path) -> int:
    """Bytes of the files in a folder; those that a cache keeps elsewhere and links to are counted."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _candidates(settings: Settings, name: str, model: AnyModel) -> Iterator[Path]:
    if model.path:
        yield Path(model.path).expanduser()
        return
    yield settings.paths.models / name
    if model.repo:
        yield settings.paths.models / model.repo.rsplit("/", 1)[-1]
        yield from _huggingface(model.repo)
    for repo in {model.modelscope: None, model.repo: None}:
        if repo:
            yield from _modelscope(repo)


def _huggingface(repo: str) -> Iterator[Path]:
    home = os.environ.get("HF_HOME") or Path("~/.cache/huggingface").expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")
    snapshots = hub / f"models--{repo.replace('/', '--')}" / "snapshots"
    if snapshots.is_dir():
        yield from sorted(snapshots.iterdir(), reverse=True)


def _modelscope(repo: str) -> Iterator[Path]:
    cache = Path(os.environ.get("MODELSCOPE_CACHE") or "~/.cache/modelscope").expanduser()
    organisation, _, name = repo.rpartition("/")
    # Older versions of its library wrote a dot in a name as three underscores, and left out "models".
    for root in (cache, cache / "hub"):
        for base in (root / "models", root):
            yield base / organisation / name
            yield base / organisation / name.replace(".", "___")


def _is_pointer(file: Path) -> bool:
    if file.stat().st_size > 1024:
        return False
    with file.open("rb") as stream:
        return stream.read(len(POINTER)) == POINTER


def _is_cut(file: Path) -> bool:
    """A safetensors file begins with a table of where its tensors end."""
    length = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        if len(head) < 8:
            return True
        (table_length,) = struct.unpack("<Q", head)
        if 8 + table_length > length:
            return True
        try:
            table = json.loads(stream.read(table_length))
        except ValueError:
            return True
    ends = [entry["data_offsets"][1] for name, entry in table.items() if name != "__metadata__"]
    return 8 + table_length + max(ends, default=0) > length


def _shards(folder: Path) -> list[str]:
    for name in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        index = folder / name
        if index.is_file():
            try:
                return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
            except (ValueError, KeyError):
                return [name]
    return []
