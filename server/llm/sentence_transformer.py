"""Embedding models of the sentence-transformers kind: ONNX Runtime on a processor, torch elsewhere."""

import logging
from pathlib import Path

from configs.sections.models import EmbedModel
from configs.settings import Settings
from server.errors import ModelUnavailable
from server.llm.accelerators import runs_on_processor
from server.llm.base import Embedder
from server.llm.catalog import Choice
from server.llm.embedding_families import Family, family
from server.llm.onnx_cache import OnnxImpossible, onnx_folder

logger = logging.getLogger(__name__)


def load(settings: Settings, choice: Choice) -> Embedder:
    """See `server.llm.embedders.load_embedder`."""
    config, folder = choice.model, choice.path
    if folder is None or not isinstance(config, EmbedModel):
        raise ModelUnavailable(
            name=choice.name,
            reason_en=f"its weights are not here; fetch them with: python startup.py --download {choice.name}",
            reason_zh=f"本机没有它的权重，请运行 python startup.py --download {choice.name}",
        )
    found = family((choice.name, config.repo, folder.name))
    if _wants_onnx(settings, config):
        embedder = _with_onnx(settings, choice.name, config, folder, found)
        if embedder is not None:
            return embedder
    from server.llm import torch_embedder

    return torch_embedder.load(choice.name, config, folder, config.device or settings.models.device, found)


def prepare(settings: Settings, choice: Choice) -> None:
    """See `server.llm.embedders.prepare_embedder`: make the ONNX form, if this model is to have one."""
    config, folder = choice.model, choice.path
    if folder is None or not isinstance(config, EmbedModel) or not _wants_onnx(settings, config):
        return
    try:
        _onnx_form(settings, choice.name, config, folder)
    except OnnxImpossible as error:
        logger.info("%s has no ONNX form: %s", choice.name, error)


def _wants_onnx(settings: Settings, config: EmbedModel) -> bool:
    device = config.device or settings.models.device
    return config.backend == "onnx" or (config.backend == "auto" and runs_on_processor(device))


def _onnx_form(settings: Settings, name: str, config: EmbedModel, folder: Path) -> Path:
    return onnx_folder(settings.paths.models / ".onnx", name, folder, config.quantize)


def _with_onnx(settings: Settings, name: str, config: EmbedModel, folder: Path, found: Family) -> Embedder | None:
    """None when there is no ONNX form and the settings leave the choice open; the log has the reason."""
    try:
        made = _onnx_form(settings, name, config, folder)
        from server.llm import onnx_embedder

        return onnx_embedder.load(name, config, made, found)
    except OnnxImpossible as error:
        if config.backend == "onnx":
            raise ModelUnavailable(
                name=name,
                reason_en=f'it has no ONNX form ({error}); set backend = "torch"',
                reason_zh=f'无法转换为 ONNX（{error}），请设置 backend = "torch"',
            ) from error
        logger.warning("%s runs with torch, since it has no ONNX form: %s", name, error)
        return None
