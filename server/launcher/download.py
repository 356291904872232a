"""`startup.py --download NAME ...`: fetch weights and tell on the console what became of it."""

from collections.abc import Iterator, Sequence

from configs.settings import Settings
from server.launcher.labels import Labels
from server.llm.downloading import fetch, wanted


def download(settings: Settings, names: Sequence[str], labels: Labels) -> Iterator[str]:
    """Fetch the weights, one after the other; yields lines for the console. Raises what `wanted` and `fetch` raise."""
    for name in names:
        found = wanted(settings, name)
        if found.state == "built-in":
            yield labels("no_download_needed", name)
        elif found.state == "here":
            yield labels("already_here", name, found.target)
        else:
            fetch(settings, found)
            key = "downloaded" if found.configured else "downloaded_repository"
            yield labels(key, name, found.target, found.target.name)
