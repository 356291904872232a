"""How far the loading of weights has come, as lines of the log, which the launcher reads. Imports transformers."""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from transformers.utils.logging import set_tqdm_hook

logger = logging.getLogger(__name__)
EVERY_S = 1.0


def log_progress() -> None:
    """From now on a line now and then takes the place of transformers' bars."""
    set_tqdm_hook(_in_place_of_a_bar)


def counted(things: Collection[Any], clock: Callable[[], float] = time.monotonic) -> Iterator[Any]:
    """The same things, while a line tells every second what share of them has been taken."""
    said = clock()
    for number, thing in enumerate(things):
        if clock() - said >= EVERY_S:
            said = clock()
            logger.info("loading weights: %d%%", 100 * number // len(things))
        yield thing


def _in_place_of_a_bar(bar: Callable[..., Any], given: Sequence[Any], options: Mapping[str, Any]) -> Any:
    things = given[0] if given else options.get("iterable")
    return counted(things) if isinstance(things, Collection) else bar(*given, **options)
