"""SQL follows the disk (`--prune-db`), or the disk follows SQL (`--prune-folder`)."""

import sys

from server.errors import KnowledgeBaseBusy, StorageFailed, ZhiwenError
from server.upkeep.work import DONE, FAILED, REFUSED, Work


def prune_db(work: Work) -> int:
    """Take out of SQL and the indexes what is gone from the disk."""
    code = DONE
    for name in work.listed():
        try:
            gone = work.kbs.maintenance.forget_missing(name)
        except ZhiwenError as error:
            work.console.complain(error)
            code = FAILED
            continue
        work.console.say("pruned_db", name, len(gone))
        work.console.name(gone)
    return code


def prune_folder(work: Work) -> int:
    """Delete from the disk what SQL does not list, once somebody has said yes."""
    doomed = _unlisted(work)
    if not any(doomed.values()):
        return DONE
    if not work.options.yes:
        if not sys.stdin.isatty():
            work.console.refuse("needs_yes")
            return REFUSED
        if input(work.console.text("ask")).strip().lower() not in ("y", "yes", "是"):
            work.console.say("kept")
            return DONE
    return max(_delete(work, name, files) for name, files in doomed.items())


def _unlisted(work: Work) -> dict[str, list[str]]:
    """What SQL does not list, by knowledge base; those that are busy are named and left out."""
    doomed: dict[str, list[str]] = {}
    for report in work.kbs.maintenance.look(work.listed()):
        if report.state == "busy":
            work.console.complain(KnowledgeBaseBusy(name=report.name))
            continue
        doomed[report.name] = list(report.files_not_in_sql)
        work.console.say("to_prune", report.name, len(doomed[report.name]))
        work.console.name(doomed[report.name])
    return doomed


def _delete(work: Work, name: str, files: list[str]) -> int:
    try:
        deleted = work.kbs.maintenance.delete_unlisted(name, files)
    except OSError as error:
        work.console.complain(StorageFailed(reason=error.strerror or type(error).__name__))
        return FAILED
    except ZhiwenError as error:
        work.console.complain(error)
        return FAILED
    work.console.say("pruned_folder", name, len(deleted))
    return DONE
