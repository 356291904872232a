"""What `init_database.py` says, in the language of the system."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.errors import Language, ZhiwenError
from server.launcher.labels import console_language

_TEXTS = {
    "tables_created": ("The tables are there.", "数据表已就绪。"),
    "tables_cleared": ("All tables and indexes were emptied.", "所有数据表和索引已清空。"),
    "nothing": ("Nothing to do: there is no knowledge base.", "没有可处理的知识库。"),
    "present": ('The knowledge base "{0}" is there.', "知识库“{0}”已存在。"),
    "working": ("Knowledge base {0}", "知识库 {0}"),
    "reading": ("reading …", "正在读取……"),
    "summary": (
        "{0} files, {1} chunks, {2} unchanged, {3} failed, {4:.1f} s, embedding model {5}",
        "{0} 个文件，{1} 个分块，{2} 个未变化，{3} 个失败，用时 {4:.1f} 秒，向量模型 {5}",
    ),
    "repaired": ('Left-overs of an interrupted run in "{0}" were removed.', "已清理知识库“{0}”中断后的残留。"),
    "pruned_db": (
        'Taken out of "{0}", as they are gone from the disk: {1} files',
        "已从知识库“{0}”移除磁盘上不存在的文件：{1} 个",
    ),
    "to_prune": (
        'Not listed in "{0}", to be deleted from the disk: {1} files',
        "知识库“{0}”未登记、将从磁盘删除的文件：{1} 个",
    ),
    "pruned_folder": ('Deleted from the folder of "{0}": {1} files', "已从知识库“{0}”的文件夹删除：{1} 个文件"),
    "ask": ("Delete these files for good? [y/N] ", "确定永久删除这些文件吗？[y/N] "),
    "kept": ("Nothing was deleted.", "未删除任何文件。"),
    "needs_yes": (
        "This deletes files. Run it in a terminal to be asked, or add --yes.",
        "此操作会删除文件。请在终端中运行以确认，或加上 --yes。",
    ),
    "and_more": ("  … and {0} more", "  ……还有 {0} 个"),
    "imported": ('"{0}" was created: {1} files listed', "已创建知识库“{0}”：登记 {1} 个文件"),
    "completed": (
        '"{0}" was there and stays as it is: {1} more files listed',
        "知识库“{0}”已存在，保持原样：新登记 {1} 个文件",
    ),
    "exchanged": ('"{0}": {1} Taken instead: {2}', "知识库“{0}”：{1}改用：{2}"),
    "not_on_disk": (
        "{0} of these files are not in its folder; put them there before -r, which goes by the folder.",
        "其中 {0} 个文件不在其文件夹中；-r 以文件夹为准，请先放入文件。",
    ),
    "now_rebuild": (
        "Now build the indexes: python init_database.py --recreate-vs",
        "接下来请建立索引：python init_database.py --recreate-vs",
    ),
    "no_folder": ('There is no folder "{0}".', "没有文件夹“{0}”。"),
    "own_folder": (
        "That folder holds Zhiwen's own data. Name a folder with nothing but documents.",
        "该文件夹包含知问自身的数据，请指定只存放文档的文件夹。",
    ),
    "deleted": ("{0} files that the folder no longer holds were deleted.", "已删除文件夹中不再存在的 {0} 个文件。"),
    "watching": ("Watching {0}. Ctrl-C ends it.", "正在监视 {0}，按 Ctrl-C 结束。"),
    "watched": ("The folder is no longer watched.", "已停止监视。"),
    "took": ("  + {0}", "  + {0}"),
    "dropped": ("  - {0}", "  - {0}"),
    "all_agree": ("Disk, SQL and indexes agree.", "磁盘、数据库与索引一致。"),
}


class Console:
    """Progress and results on the terminal."""

    def __init__(self) -> None:
        self.language: Language = console_language()

    def text(self, key: str, *values: object) -> str:
        """The words for a key."""
        return _TEXTS[key][1 if self.language == "zh" else 0].format(*values)

    def say(self, key: str, *values: object) -> None:
        """One line."""
        self.write(self.text(key, *values))

    def write(self, line: str) -> None:
        """One line that needs no words of ours."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def complain(self, error: ZhiwenError) -> None:
        """What went wrong, on standard error."""
        sys.stderr.write(f"  {error.message(self.language)}\n")

    def refuse(self, key: str, *values: object) -> None:
        """Why nothing was done, on standard error."""
        sys.stderr.write(self.text(key, *values) + "\n")

    def name(self, files: list[str], most: int = 20) -> None:
        """The first of these files, one a line."""
        for file in files[:most]:
            self.write(f"  {file}")
        if len(files) > most:
            self.say("and_more", len(files) - most)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str, int, int], None]]:
        """A bar that is told (file, finished, total); nothing when this is no terminal."""
        if not sys.stdout.isatty():
            yield lambda name, finished, total: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn(title, markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Progress(*columns) as bar:
            task = bar.add_task(self.text("reading"), total=None)
            yield lambda name, finished, total: bar.update(
                task, description=name[-40:], completed=finished, total=total
            )
