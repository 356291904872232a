"""From the command line to the one action it asks for, and its exit code."""

import sys
from collections.abc import Callable, Sequence

from configs.settings import SettingsError, load_settings
from server.container import build_container
from server.errors import ZhiwenError
from server.knowledge_base.maintenance import PATIENCE_S
from server.upkeep import adding, checking, importing, indexing, pruning
from server.upkeep.arguments import parse
from server.upkeep.console import Console
from server.upkeep.work import DONE, REFUSED, Work

_ACTIONS: dict[str, Callable[[Work], int]] = {
    "recreate_vs": indexing.recreate,
    "update_in_db": indexing.update,
    "increment": indexing.increment,
    "if_missing": indexing.if_missing,
    "prune_db": pruning.prune_db,
    "prune_folder": pruning.prune_folder,
    "import_db": importing.import_db,
    "check": checking.check,
    "add_folder": adding.add_folder,
}


def run(arguments: Sequence[str]) -> int:
    """Do what the command line asks. Errors become one message, never a traceback."""
    options = parse(arguments)
    if options is None:
        return DONE
    console = Console()
    try:
        container = build_container(load_settings())
        try:
            return _act(Work(container, options, console))
        finally:
            container.close()
    except SettingsError as error:
        sys.stderr.write(f"{error.message(console.language)}\n")
    except ZhiwenError as error:
        sys.stderr.write(f"{error.message(console.language)}\n")
    return REFUSED


def _act(work: Work) -> int:
    options = work.options
    if options.clear_tables:
        work.kbs.forget_all()
        work.console.say("tables_cleared")
    elif options.create_tables:
        work.console.say("tables_created")
    if not options.check:
        for name, repairs in work.kbs.maintenance.repair(options.kb_name, patience_s=PATIENCE_S).items():
            if repairs:
                work.console.say("repaired", name)
    action = next((act for name, act in _ACTIONS.items() if getattr(options, name)), None)
    return action(work) if action else DONE
