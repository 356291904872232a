"""How far the loading of a model has come, read from what its process writes into its log."""

import re

from server.launcher.process import last_lines
from server.launcher.runs import Run, State

_PERCENT = re.compile(r"(\d{1,3})%")
_LOOKED_AT = 20


def percent_loaded(run: Run) -> int | None:
    """Percent of the weights that are loaded; None when the process loads none now, or does not tell.

    transformers and vLLM draw their bars with tqdm, whose newest line counts.
    """
    if run.state is not State.STARTING or not run.service.model:
        return None
    lines = reversed(last_lines(run.log, _LOOKED_AT))
    told = next((found for line in lines if (found := _PERCENT.search(line))), None)
    return min(100, int(told[1])) if told else None
