"""Fetch weights of configured models, or of repositories by their id.

What arrives goes to `<folder>.part` and is put in place when every file has the size and the checksum that the hub
tells, so half a model is never taken for one. An interrupted download goes on where it stopped.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from configs.settings import Settings
from server.errors import DownloadFailed, ModelNotFound, NothingToDownload, ZhiwenError
from server.llm.catalog import ENGINE_PACKAGES
from server.llm.hubs import Hub, HubName, RemoteFile, hubs
from server.llm.weights import AnyModel, defect, weights_folder

# The same weights in forms that nothing here reads.
_UNUSED = (
    *("*.onnx", "*.gguf", "*.h5", "*.msgpack", "*.ot", "*.tflite", "*.mlmodel", "*.onnx_data", "*.pkl"),
    *("onnx/*", "openvino/*", "coreml/*", "original/*", "consolidated*", "imgs/*", "assets/*", ".git*"),
)
_REPEATED = ("*.bin", "*.pt", "*.pth")  # PyTorch's older formats
_GB = 1024**3


@dataclass(frozen=True)
class Wanted:
    """What to fetch and where to put it. `state` tells whether there is anything to do, `ids` what it is called at each
    hub, `configured` whether the name is that of a model of the settings."""

    name: str
    state: Literal["missing", "here", "built-in"]
    target: Path
    ids: Mapping[HubName, str] = field(default_factory=dict)
    configured: bool = True

    @property
    def repo(self) -> str:
        """Its repository as people know it."""
        return next(iter(self.ids.values()), "")

    @property
    def part(self) -> Path:
        """Where the files arrive."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def arrived(self) -> int:
        """Bytes that are there already."""
        return sum(_size(file) for file in self.part.rglob("*")) if self.part.is_dir() else 0


class _Refused(Exception):
    """Why a hub's files cannot be taken, in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.reasons = (en, zh)


def wanted(settings: Settings, name: str) -> Wanted:
    """What `fetch` has to do for a configured model or a repository.

    Raises:
        ModelNotFound: no such model is configured, and the name is no repository (ORGANISATION/NAME).
        NothingToDownload: it has no repository.
    """
    models: dict[str, AnyModel] = {**settings.models.llm, **settings.models.embed, **settings.models.rerank}
    model = models.get(name)
    if model is None:
        return _repository(settings, name, ", ".join(models))
    if model.engine not in ENGINE_PACKAGES:
        return Wanted(name, "built-in", settings.paths.models)
    here = weights_folder(settings, name, model)
    if here is not None and defect(here) is None:
        return Wanted(name, "here", here)
    target = Path(model.path).expanduser() if model.path else settings.paths.models / name
    ids = _ids(model)
    if not ids:
        raise NothingToDownload(name=name, folder=target)
    return Wanted(name, "missing", target, ids)


def fetch(settings: Settings, wanted: Wanted, planned: Callable[[int], None] = lambda _: None) -> None:
    """Fetch the weights from the first hub that has them; `planned` is told how many bytes they are. Progress bars go
    to stderr.

    Raises:
        MissingDependency: the library of the hub is not installed.
        DownloadFailed: no connection, no such repository, no right to it, no space, or damaged on the way.
    """
    asked = [hub for hub in hubs(settings) if hub.name in wanted.ids]
    failed: list[tuple[str, str]] = []
    for hub in asked:
        try:
            _fetch_from(hub, wanted, planned)
            return
        except ZhiwenError:
            raise
        except Exception as error:  # noqa: BLE001  # the edge to two libraries, which raise anything
            failed.append(_reason(hub, error))
    raise DownloadFailed(
        name=wanted.name,
        repo=wanted.repo,
        endpoint=", ".join(hub.address for hub in asked) or settings.models.hub,
        reason_en="; ".join(en for en, _ in failed) or f"it has no id for models.hub = {settings.models.hub}",
        reason_zh="；".join(zh for _, zh in failed) or f"没有用于 models.hub = {settings.models.hub} 的仓库名",
        folder=wanted.target,
    ) from None


def _fetch_from(hub: Hub, wanted: Wanted, planned: Callable[[int], None]) -> None:
    repo = wanted.ids[hub.name]
    files = _useful(hub.files(repo))
    planned(sum(file.size for file in files))
    _check_space(wanted, files)
    hub.fetch(repo, files, wanted.part)
    _verify(wanted.part, files)
    _put_in_place(wanted)


def _ids(model: AnyModel) -> dict[HubName, str]:
    """What a model is called at each hub: most have one name everywhere."""
    known: dict[HubName, str] = {"huggingface": model.repo, "modelscope": model.modelscope or model.repo}
    return {hub: repo for hub, repo in known.items() if repo}


def _repository(settings: Settings, repo: str, known: str) -> Wanted:
    organisation, _, name = repo.partition("/")
    if not organisation or not name or "/" in name or repo.startswith("."):
        raise ModelNotFound(name=repo, known=known)
    target = settings.paths.models / name
    is_here = (target / "config.json").is_file() and defect(target) is None
    ids: dict[HubName, str] = {"huggingface": repo, "modelscope": repo}
    return Wanted(repo, "here" if is_here else "missing", target, ids, configured=False)


def _useful(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    unused = [*_UNUSED]
    if any(file.path.endswith(".safetensors") for file in files):
        unused += _REPEATED
    kept = [file for file in files if not any(fnmatch(file.path, pattern) for pattern in unused)]
    if not any(Path(file.path).name == "config.json" for file in kept):
        raise _Refused(
            "the repository has no config.json, so it is no model for this", "仓库中没有 config.json，不是可用的模型"
        )
    return kept


def _check_space(wanted: Wanted, files: Sequence[RemoteFile]) -> None:
    needed = sum(file.size for file in files) - wanted.arrived
    existing = next(folder for folder in wanted.part.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if needed > free:
        numbers = f"{needed / _GB:.1f} GB", f"{free / _GB:.1f} GB"
        raise _Refused("it needs {} and the disk has {} free".format(*numbers), "需要 {}，磁盘仅剩 {}".format(*numbers))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0  # put in place a moment ago


def _verify(folder: Path, files: Sequence[RemoteFile]) -> None:
    for file in files:
        got = folder / file.path
        if not got.is_file() or (file.size and got.stat().st_size != file.size):
            got.unlink(missing_ok=True)
            raise _Refused(f"{file.path} did not arrive whole", f"{file.path} 下载不完整")
        if file.sha256 and _sha256(got) != file.sha256:
            got.unlink()
            raise _Refused(f"the checksum of {file.path} is wrong", f"{file.path} 校验和不符")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _put_in_place(wanted: Wanted) -> None:
    for leftover in (".cache", "._____temp", ".mdl", ".msc", ".mv"):  # notes of the libraries about their download
        path = wanted.part / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not wanted.target.exists():
        wanted.part.replace(wanted.target)
        return
    # A folder with damaged weights may hold other files of the user's.
    for file in [file for file in wanted.part.rglob("*") if file.is_file()]:
        place = wanted.target / file.relative_to(wanted.part)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    shutil.rmtree(wanted.part)


def _reason(hub: Hub, error: Exception) -> tuple[str, str]:
    if isinstance(error, _Refused):
        return error.reasons
    kind, text = type(error).__name__, str(error)
    known = {
        "GatedRepoError": ("access must be granted first, then set HF_TOKEN", "需要先获得授权，再设置 HF_TOKEN"),
        "RepositoryNotFoundError": ("there is no such repository", "没有这个仓库"),
        "NotExistError": (
            f"{hub.address} has no such repository; it may have another owner there, whom the setting modelscope of "
            "the model names",
            f"{hub.address} 没有这个仓库；它在那里可能属于另一个组织，请在该模型的 modelscope 设置中写明",
        ),
        "OfflineModeIsEnabled": ("HF_HUB_OFFLINE is set", "设置了 HF_HUB_OFFLINE"),
        "ModuleNotFoundError": ("modelscope-hub is not installed", "没有安装 modelscope-hub"),
    }
    if kind in known:
        return known[kind]
    connecting = (ConnectionError, TimeoutError)
    if isinstance(error, connecting) or any(
        word in f"{kind} {text}".lower() for word in ("connect", "resol", "gaierror")
    ):
        return "there is no connection", "无法连接"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror, error.strerror
    lines = text.strip().splitlines() or [kind]
    return lines[0][:300], lines[0][:300]
