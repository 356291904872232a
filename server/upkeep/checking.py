"""`--check`: tell where disk, SQL and indexes disagree, as a table or JSON; with `--repair` mend what a crash left."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from server.knowledge_base.audit import Report
from server.knowledge_base.maintenance import PATIENCE_S
from server.knowledge_base.reconcile import Repairs
from server.upkeep.work import DONE, FAILED, Work

_REPAIR = "--check --repair"
_LABELS = {
    "busy": ("busy: somebody is changing it, not looked at", "正忙：正在被修改，未检查", "--check"),
    "damaged": ("the index is damaged", "索引已损坏", "-r"),
    "unknown": ("a folder that is no knowledge base yet", "尚未成为知识库的文件夹", "-r"),
    "files_not_in_sql": ("files on disk that are not in SQL", "磁盘上有、数据库中没有的文件", "-i / --prune-folder"),
    "files_not_on_disk": ("files in SQL that are not on disk", "数据库中有、磁盘上没有的文件", "--prune-db"),
    "files_changed_on_disk": ("files that changed on disk since they were read", "读取后在磁盘上被改动的文件", "-r"),
    "files_unfinished": ("files left behind half read", "读取中断的文件", _REPAIR),
    "files_being_removed": ("files left behind half deleted", "删除中断的文件", _REPAIR),
    "files_with_wrong_ledger": ("files whose pages or chunks do not add up", "页数或分块数不符的文件", "-r --force"),
    "uploads_not_in_place": ("published files not moved into place", "已发布但未就位的文件", _REPAIR),
    "uploads_without_job": ("uploads that no job asks for", "没有任务的上传文件", _REPAIR),
    "old_indexes": ("folders of older indexes", "旧索引文件夹", _REPAIR),
    "chunks_invisible": ("chunks that nobody can see", "不可见的分块", _REPAIR),
    "chunks_without_vector": ("chunks without a vector", "缺少向量的分块", _REPAIR),
    "chunks_without_words": ("chunks missing in the word index", "词索引中缺少的分块", _REPAIR),
    "vectors_without_chunk": ("vectors without a chunk", "没有分块的向量", _REPAIR),
    "words_without_chunk": ("word entries without a chunk", "没有分块的词条目", _REPAIR),
}
_HEADINGS = (
    ("knowledge base", "what disagrees", "number", "such as", "mended by"),
    ("知识库", "不一致之处", "数量", "例如", "修复方法"),
)
_AGREES = ("agrees: {0} files, {1} chunks", "一致：{0} 个文件，{1} 个分块")


def check(work: Work) -> int:
    """Look, repair when asked to and look again; the exit code tells whether all agree at the end."""
    care, names = work.kbs.maintenance, work.with_folders()
    reports, repairs = care.look(names), {}
    if work.options.repair:
        repairs = care.repair([report.name for report in reports], patience_s=PATIENCE_S)
        left = {*work.with_folders()} if not work.options.kb_name else {*names} & {*work.kbs.folders()}
        reports = care.look([name for name in names if name in left])
    if work.options.json:
        work.console.write(json.dumps(_plain(reports, repairs), ensure_ascii=False, indent=2))
    else:
        _show(work, reports, repairs)
    return DONE if all(report.agrees for report in reports) else FAILED


def _plain(reports: Sequence[Report], repairs: Mapping[str, Repairs]) -> dict[str, Any]:
    return {
        "agrees": all(report.agrees for report in reports),
        "knowledge_bases": [
            {**asdict(report), "agrees": report.agrees, "repairs": _repairs(repairs.get(report.name))}
            for report in reports
        ],
    }


def _repairs(repairs: Repairs | None) -> dict[str, Any] | None:
    if repairs is None:
        return None
    numbers = {name: value for name, value in vars(repairs).items() if name != "problem"}
    return {**numbers, "problem": repairs.problem.message("en") if repairs.problem else ""}


def _show(work: Work, reports: Sequence[Report], repairs: Mapping[str, Repairs]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    for name, each in repairs.items():
        if each.problem is not None:
            work.console.complain(each.problem)
        elif each:
            work.console.say("repaired", name)
    if not reports:
        work.console.say("nothing")
        return
    chinese = work.console.language == "zh"
    table = Table(*_HEADINGS[chinese])
    for report in reports:
        for row in _rows(report, chinese):
            # File names may hold what rich would take for its markup.
            table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
    if all(report.agrees for report in reports):
        work.console.say("all_agree")


def _rows(report: Report, chinese: bool) -> Iterator[tuple[str, str, str, str, str]]:
    if report.agrees:
        yield report.name, _AGREES[chinese].format(report.files, report.chunks), "", "", ""
    if report.state != "checked":
        yield report.name, _LABELS[report.state][chinese], "", "", _LABELS[report.state][2]
    for finding, value in report.findings.items():
        number, example = (value, "") if isinstance(value, int) else (len(value), value[0])
        yield report.name, _LABELS[finding][chinese], str(number), example, _LABELS[finding][2]
