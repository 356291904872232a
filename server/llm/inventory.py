"""Every configured model of any kind: is it here, what does it lack, is it preferred. Loads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from configs.settings import Settings
from server.llm.catalog import ENGINE_PACKAGES, why_not_here
from server.llm.weights import AnyModel, size, weights_folder

Kind = Literal["llm", "embed", "rerank"]


@dataclass(frozen=True)
class Stocked:
    """One configured model. `bytes` are those of its weights, None where it has none here; `rank` is its place in the
    preferences, from 1, 0 outside of them; `why_not` says in English and Chinese why it cannot run here."""

    kind: Kind
    name: str
    engine: str
    repo: str
    needs_weights: bool
    bytes: int | None
    rank: int
    why_not: tuple[str, str] | None

    @property
    def can_download(self) -> bool:
        """Whether fetching its weights would help."""
        return self.needs_weights and bool(self.repo) and self.bytes is None


def inventory(settings: Settings) -> list[Stocked]:
    """Chat models, embedding models, rerank models, each in the order of the settings."""
    models = settings.models
    kinds: list[tuple[Kind, Mapping[str, AnyModel], list[str]]] = [
        ("llm", models.llm, models.llm_preference),
        ("embed", models.embed, models.embed_preference),
        ("rerank", models.rerank, models.rerank_preference),
    ]
    return [
        _stocked(settings, kind, name, model, preference)
        for kind, known, preference in kinds
        for name, model in known.items()
    ]


def _stocked(settings: Settings, kind: Kind, name: str, model: AnyModel, preference: list[str]) -> Stocked:
    needs_weights = model.engine in ENGINE_PACKAGES
    folder = weights_folder(settings, name, model) if needs_weights else None
    return Stocked(
        kind=kind,
        name=name,
        engine=model.engine,
        repo=model.repo or model.modelscope,
        needs_weights=needs_weights,
        bytes=None if folder is None else size(folder),
        rank=preference.index(name) + 1 if name in preference else 0,
        why_not=why_not_here(settings, name, model),
    )
