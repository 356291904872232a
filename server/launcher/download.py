"""`startup.py --download NAME`: fetch the weights of a configured model from Hugging Face or a mirror of it.

What arrives goes to `<folder>.part` and gets its name when it is complete, so half a model is never taken for one. An
interrupted download goes on where it stopped. `HF_ENDPOINT` names a mirror.
"""

from pathlib import Path

from configs.sections.models import EmbedModel, LlmModel
from configs.settings import Settings
from server.errors import MissingDependency, ModelNotFound
from server.launcher.errors import DownloadFailed, NothingToDownload
from server.launcher.labels import Labels
from server.llm.catalog import ENGINE_PACKAGES, weights_folder

# The same weights in forms that nothing here reads.
_UNUSED = ["*.onnx", "*.gguf", "*.h5", "*.msgpack", "*.ot", "*.tflite", "*.mlmodel", "onnx/*", "openvino/*", "coreml/*"]


def download(settings: Settings, name: str, labels: Labels) -> list[str]:
    """Fetch the weights and return lines for the console; progress bars go to stderr.

    Raises:
        ModelNotFound: no such model is configured.
        NothingToDownload: it has no repository.
        MissingDependency: huggingface_hub is not installed.
        DownloadFailed: no connection, no such repository, no right to it, or no space.
    """
    models: dict[str, LlmModel | EmbedModel] = {**settings.models.llm, **settings.models.embed}
    if name not in models:
        raise ModelNotFound(name=name, known=", ".join(models))
    model = models[name]
    if model.engine not in ENGINE_PACKAGES:
        return [labels("no_download_needed", name)]
    here = weights_folder(settings, name, model)
    if here is not None:
        return [labels("already_here", name, here)]
    target = Path(model.path).expanduser() if model.path else settings.paths.models / name
    if not model.repo:
        raise NothingToDownload(name=name, folder=target)
    _fetch(name, model.repo, target)
    return [labels("downloaded", name, target)]


def _fetch(name: str, repo: str, target: Path) -> None:
    try:
        import huggingface_hub
        from huggingface_hub.constants import ENDPOINT
    except ImportError:
        raise MissingDependency(what="--download", install="pip install -r requirements.txt") from None

    part = target.with_name(target.name + ".part")
    try:
        # model_info, unlike the other calls, does not try again for half a minute when there is no network.
        files = [file.rfilename for file in huggingface_hub.HfApi().model_info(repo).siblings or []]
        # PyTorch's older format repeats what the safetensors hold.
        repeated = ["*.bin", "*.pt", "*.pth"] if any(file.endswith(".safetensors") for file in files) else []
        huggingface_hub.snapshot_download(repo, local_dir=part, ignore_patterns=[*_UNUSED, *repeated])
        part.replace(target)
    except Exception as error:  # the library raises its own, httpx's and the system's errors, all of one meaning here
        en, zh = _reason(error)
        detail = {"reason_en": en, "reason_zh": zh, "folder": target}
        raise DownloadFailed(name=name, repo=repo, endpoint=ENDPOINT, **detail) from error


def _reason(error: Exception) -> tuple[str, str]:
    from huggingface_hub import errors

    known: list[tuple[type[Exception], str, str]] = [
        (errors.GatedRepoError, "access must be granted first, then set HF_TOKEN", "需要先获得授权，再设置 HF_TOKEN"),
        (errors.RepositoryNotFoundError, "there is no such repository", "没有这个仓库"),
        (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set", "设置了 HF_HUB_OFFLINE"),
    ]
    for kind, en, zh in known:
        if isinstance(error, kind):
            return en, zh
    if isinstance(error, OSError) and error.strerror:
        return error.strerror, error.strerror
    if "connect" in f"{type(error).__name__} {error}".lower() or "resol" in str(error).lower():
        return "there is no connection", "无法连接"
    text = str(error).strip().splitlines()
    return (text[0], text[0]) if text else (type(error).__name__, type(error).__name__)
