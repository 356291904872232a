"""`startup.py --list-models`: every configured model, whether it is here, running, and what it needs."""

import json
import urllib.request
from collections.abc import Sequence
from urllib.error import URLError

from configs.sections.models import LlmModel
from configs.settings import Settings
from server.launcher.labels import Labels, padded, shown_width
from server.llm.inventory import Stocked, inventory
from server.llm.provider_listing import Kind
from server.llm.provider_shelf import ProviderShelf
from server.llm.providers import ENGINE, find_model, named_models, why_not

ASK_S = 1.0
LIST_S = 10.0
KINDS: tuple[Kind, ...] = ("llm", "embed", "rerank")
_MB = 1024**2


def model_table(settings: Settings, labels: Labels) -> list[str]:
    """Lines for the console, columns aligned."""
    running = _running(settings)
    rows = [[labels(key) for key in ("name", "kind", "engine", "weights", "runs", "needs")]]
    for one in inventory(settings):
        runs = "-" if one.kind != "llm" or running is None else labels("yes" if one.name in running else "no")
        needs = "-" if one.why_not is None else one.why_not[1 if labels.language == "zh" else 0]
        rows.append([one.name, labels(one.kind), one.engine, _weights(one, labels), runs, needs])
    return _aligned([*rows, *_offered(settings, labels, running, known={row[0] for row in rows})])


def _offered(settings: Settings, labels: Labels, running: set[str] | None, known: set[str]) -> list[list[str]]:
    """Models that tables of providers offer by name, and those that providers with `models = "auto"` list."""
    rows: list[list[str]] = []
    shelf = ProviderShelf(settings, LIST_S)
    kinds = {name: kind for kind in KINDS for name in shelf.names(kind)}
    for name in dict.fromkeys([*(model.name for model in named_models(settings)), *kinds, *sorted(running or ())]):
        found, kind = find_model(settings, name), kinds.get(name, "llm")
        if name in known or found is None:
            continue
        why = why_not(settings, LlmModel(engine=ENGINE, provider=found.provider))
        runs = "-" if running is None or kind != "llm" else labels("yes" if name in running else "no")
        needs = "-" if why is None else why[1 if labels.language == "zh" else 0]
        rows.append([name, labels(kind), ENGINE, labels("not_needed"), runs, needs])
    return rows


def _weights(one: Stocked, labels: Labels) -> str:
    if not one.needs_weights:
        return labels("not_needed")
    return labels("no") if one.bytes is None else f"{one.bytes / _MB:,.0f} MB"


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
