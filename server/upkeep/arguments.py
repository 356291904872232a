"""The command line of `init_database.py`."""

import argparse
from collections.abc import Sequence

ACTIONS = {
    "recreate_vs": "-r",
    "update_in_db": "-u",
    "increment": "-i",
    "if_missing": "--if-missing",
    "prune_db": "--prune-db",
    "prune_folder": "--prune-folder",
    "import_db": "--import-db",
    "check": "--check",
    "add_folder": "--add-folder",
}
_NEEDS = {
    "repair": ("check",),
    "json": ("check",),
    "yes": ("prune_folder",),
    "ignore": ("add_folder",),
    "watch": ("add_folder",),
    "mirror": ("add_folder",),
    "force": ("recreate_vs", "update_in_db", "add_folder"),
    "embed_model": ("recreate_vs", "update_in_db", "increment", "import_db", "add_folder"),
}


def parser() -> argparse.ArgumentParser:
    """All flags."""
    made = argparse.ArgumentParser(
        prog="python init_database.py",
        description="Make the tables, and keep files on disk, database and indexes of the knowledge bases in step.",
        epilog="Exit codes: 0 done; 1 a file failed, or --check found what was not repaired; 2 wrong arguments, "
        "settings or names; 130 interrupted. It may run while the server does.",
    )
    tables = made.add_argument_group("tables (may be combined with one of the actions below)")
    tables.add_argument("--create-tables", action="store_true", help="create missing tables")
    tables.add_argument(
        "--clear-tables", action="store_true", help="drop all tables and indexes, make empty ones; files stay"
    )
    _add_actions(made)
    which = made.add_argument_group("which")
    which.add_argument("-n", "--kb-name", nargs="+", default=[], metavar="NAME", help="only these knowledge bases")
    which.add_argument("-e", "--embed-model", default="", metavar="MODEL", help="embedding model of new indexes")
    how = made.add_argument_group("how")
    how.add_argument("--force", action="store_true", help="with -r, -u, --add-folder: read unchanged files again too")
    how.add_argument("--repair", action="store_true", help="with --check: remove left-overs, complete the indexes")
    how.add_argument("--json", action="store_true", help="with --check: print JSON instead of a table")
    how.add_argument("-y", "--yes", action="store_true", help="with --prune-folder: delete without asking")
    how.add_argument(
        "--ignore", nargs="+", action="extend", default=[], metavar="PATTERN",
        help="with --add-folder: pass over what is named so, such as '*.log', 'drafts/' or 'old/*.pdf'",
    )  # fmt: skip
    how.add_argument("--watch", action="store_true", help="with --add-folder: go on with what changes, until Ctrl-C")
    how.add_argument(
        "--mirror", action="store_true", help="with --add-folder: delete from the knowledge base what the folder lacks"
    )
    return made


def _add_actions(made: argparse.ArgumentParser) -> None:
    actions = made.add_argument_group("actions").add_mutually_exclusive_group()
    actions.add_argument(
        "-r", "--recreate-vs", action="store_true",
        help="build the indexes anew from the files on disk; each keeps its model, store, settings and description",
    )  # fmt: skip
    actions.add_argument(
        "-u", "--update-in-db", action="store_true", help="read the files that are listed in SQL again"
    )
    actions.add_argument("-i", "--increment", action="store_true", help="add files that lie on disk and are not in SQL")
    actions.add_argument(
        "--prune-db", action="store_true", help="take files out of SQL and the indexes that are gone from the disk"
    )
    actions.add_argument("--prune-folder", action="store_true", help="delete files on disk that are not in SQL")
    actions.add_argument(
        "--import-db", default="", metavar="FILE",
        help="take knowledge bases and lists of files from an SQLite backup, of 0.2.10 too; then run -r",
    )  # fmt: skip
    actions.add_argument(
        "--check", action="store_true", help="tell where disk, SQL and indexes disagree; changes nothing"
    )
    actions.add_argument(
        "--add-folder", default="", metavar="PATH",
        help="copy the readable files of a folder into a knowledge base (-n, else named like it) and index them",
    )  # fmt: skip
    actions.add_argument("--if-missing", action="store_true", help="build the default knowledge base if there is none")


def parse(arguments: Sequence[str]) -> argparse.Namespace | None:
    """Read a command line; None when it asks for nothing. Leaves the program with code 2 when it makes no sense."""
    made = parser()
    options = made.parse_args(arguments)
    if not any(getattr(options, name) for name in (*ACTIONS, *_NEEDS, "create_tables", "clear_tables")):
        made.print_help()
        return None
    for flag, actions in _NEEDS.items():
        if getattr(options, flag) and not any(getattr(options, action) for action in actions):
            wanted = ", ".join(ACTIONS[action] for action in actions)
            made.error(f"--{flag.replace('_', '-')} works with {wanted}")
    if options.add_folder and len(options.kb_name) > 1:
        made.error("--add-folder fills one knowledge base; name one with -n")
    return options
