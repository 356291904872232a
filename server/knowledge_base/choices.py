"""What a knowledge base decides for itself: how files become chunks (`recipe`), and how its chunks are searched."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from server.errors import BadSetting
from server.knowledge_base.recipe import SETTING_NAMES, IngestOptions, kept_settings

if TYPE_CHECKING:
    from configs import Settings


@dataclass(frozen=True)
class SearchChoices:
    """How a knowledge base is searched when a question says nothing else; None follows the settings of the service.

    `score_threshold` is a distance from 0 to 2, smaller is stricter; `rerank` has an effect where there is a reranker.
    """

    top_k: int | None = None
    score_threshold: float | None = None
    rerank: bool | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "SearchChoices":
        """Those a knowledge base keeps."""
        return cls(**{name: kept[name] for name in SEARCH_NAMES if name in kept})


SEARCH_NAMES = tuple(field.name for field in fields(SearchChoices))
CHOICE_NAMES = (*SETTING_NAMES, *SEARCH_NAMES)


def effective_choices(kept: Mapping[str, Any], settings: "Settings") -> SearchChoices:
    """What holds for a knowledge base that keeps these settings: its own choices, else those of the service."""
    own, defaults = SearchChoices.of(kept), settings.retrieval
    return SearchChoices(
        top_k=own.top_k or defaults.top_k,
        score_threshold=defaults.score_threshold if own.score_threshold is None else own.score_threshold,
        rerank=defaults.rerank is not False if own.rerank is None else own.rerank,
    )


def kept_choices(
    options: IngestOptions, search: SearchChoices, reset: Collection[str], kept: Mapping[str, Any], settings: "Settings"
) -> dict[str, Any]:
    """What a knowledge base keeps once some of it is dropped and a caller's choices are put over the rest.

    Raises:
        UnknownPart: no splitter of that name.
        BadSetting: the overlap is not smaller than the size, or `reset` names something else than a choice.
    """
    for name in reset:
        if name not in CHOICE_NAMES:
            known = ", ".join(CHOICE_NAMES)
            raise BadSetting(name=name, reason_en=f"there are: {known}", reason_zh=f"可用的有：{known}")
    left = {name: value for name, value in kept.items() if name not in reset}
    asked = {name: value for name, value in asdict(search).items() if value is not None}
    return {**kept_settings(options, left, settings), **asked}
