"""`startup.py --list-models`: every configured model, whether it is here, running, and what it needs."""

import json
import urllib.request
from collections.abc import Sequence
from urllib.error import URLError

from configs.settings import Settings
from server.launcher.labels import Labels, padded, shown_width
from server.llm.catalog import ENGINE_PACKAGES, why_not_here
from server.llm.weights import AnyModel, size, weights_folder

ASK_S = 1.0
_MB = 1024**2


def model_table(settings: Settings, labels: Labels) -> list[str]:
    """Lines for the console, columns aligned."""
    running = _running(settings)
    kinds: list[tuple[str, dict[str, AnyModel]]] = [
        ("llm", dict(settings.models.llm)),
        ("embed", dict(settings.models.embed)),
        ("rerank", dict(settings.models.rerank)),
    ]
    rows = [[labels(key) for key in ("name", "kind", "engine", "weights", "runs", "needs")]]
    for kind, models in kinds:
        for name, model in models.items():
            runs = (
                (labels("yes") if name in running else labels("no")) if kind == "llm" and running is not None else "-"
            )
            reason = why_not_here(settings, name, model)
            needs = "-" if reason is None else reason[1 if labels.language == "zh" else 0]
            rows.append([name, labels(kind), model.engine, _weights(settings, name, model, labels), runs, needs])
    return _aligned(rows)


def _weights(settings: Settings, name: str, model: AnyModel, labels: Labels) -> str:
    if model.engine not in ENGINE_PACKAGES:
        return labels("not_needed")
    folder = weights_folder(settings, name, model)
    return labels("no") if folder is None else f"{size(folder) / _MB:,.0f} MB"


def _running(settings: Settings) -> set[str] | None:
    """The chat models that the controller knows; None when it does not answer."""
    request = urllib.request.Request(f"{settings.services.controller.url}/list_models", data=b"", method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ASK_S) as answer:  # noqa: S310  # an address of the settings
            return set(json.load(answer)["models"])
    except (URLError, OSError, ValueError, KeyError):
        return None


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(shown_width(row[column]) for row in rows) + 2 for column in range(len(rows[0]) - 1)]
    lines = ["".join(padded(cell, width) for cell, width in zip(row, widths, strict=False)) + row[-1] for row in rows]
    return ["", *(f"  {line}" for line in lines), ""]
