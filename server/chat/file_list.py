"""The list of files as a source of an answer: it stands in no chunk, so no search can find it.

It is a hit like any other, with a number to cite it by, but it leads to no file: it has no knowledge base, no chunks
and no address.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.chat.file_questions import language_asked
from server.knowledge_base.dropped import TemporaryFile
from server.knowledge_base.ledger import FileInfo
from server.types import Chunk, Hit

MOST_NAMES = 100
"""Names that are listed, of all knowledge bases together; how many files there are is always said."""
WHOLE = "whole"
"""In the metadata of a hit: who quotes it quotes all of it."""
UNIT = 1024

Files = Sequence[FileInfo] | Sequence[TemporaryFile]


@dataclass(frozen=True)
class _Words:
    """How a list is worded. Of pairs the first goes with one thing, the second with several."""

    title: str
    base: str
    conversation: str
    together: str
    holds: str
    empty: str
    line: str
    more: str
    comma: str
    files: tuple[str, str]
    chunks: tuple[str, str]
    states: Mapping[str, str]
    of_state: str


_WORDS = {
    "zh": _Words(
        title="文件清单",
        base="知识库“{name}”",
        conversation="这次对话",
        together="{bases} 个知识库一共有 {files}。",
        holds="{where}共有 {files}（{facts}）：",
        empty="{where}没有文件。",
        line="- {name}：{facts}",
        more="- ……还有 {files}没有列出",
        comma="，",
        files=("{} 个文件", "{} 个文件"),
        chunks=("{} 个片段", "{} 个片段"),
        states={"failed": "处理失败", "waiting": "尚未处理完"},
        of_state="其中 {count} 个{state}",
    ),
    "en": _Words(
        title="List of files",
        base="Knowledge base “{name}”",
        conversation="This conversation",
        together="{bases} knowledge bases hold {files} together.",
        holds="{where} holds {files} ({facts}):",
        empty="{where} holds no files.",
        line="- {name}: {facts}",
        more="- … and {files} more that are not listed",
        comma=", ",
        files=("{} file", "{} files"),
        chunks=("{} chunk", "{} chunks"),
        states={"failed": "could not be read", "waiting": "not ready yet"},
        of_state="{count} {state}",
    ),
}


def file_list(question: str, bases: Mapping[str, Files]) -> Hit:
    """The files of each knowledge base by its name, in the language of the question; "" is those of a conversation."""
    words = _WORDS[language_asked(question, bases)]
    text = "\n\n".join(_parts(bases, words))
    # No search gave it a score: it is the answer.
    return Hit(Chunk(0, "", words.title, 0, text, {"chunk_ids": [], WHOLE: True}), 1.0, 1.0, 1.0)


def _parts(bases: Mapping[str, Files], words: _Words) -> Iterator[str]:
    if len(bases) > 1:
        together = sum(len(files) for files in bases.values())
        yield words.together.format(bases=len(bases), files=_counted(together, words.files))
    left = MOST_NAMES
    for number, (name, files) in enumerate(bases.items()):
        most = max(1, left // (len(bases) - number))
        yield _section(name, files, most, words)
        left -= min(most, len(files))


def _section(name: str, files: Files, most: int, words: _Words) -> str:
    where = words.base.format(name=name) if name else words.conversation
    if not files:
        return words.empty.format(where=where)
    facts = [
        _counted(sum(file.chunks for file in files), words.chunks),
        _size(sum(file.size for file in files)),
        *(words.of_state.format(count=count, state=words.states[state]) for state, count in _unready(files)),
    ]
    lines = [words.holds.format(where=where, files=_counted(len(files), words.files), facts=words.comma.join(facts))]
    lines += [words.line.format(name=_code(file.name), facts=_facts(file, words)) for file in files[:most]]
    if len(files) > most:
        lines.append(words.more.format(files=_counted(len(files) - most, words.files)))
    return "\n".join(lines)


def _unready(files: Files) -> Iterator[tuple[str, int]]:
    for state in ("failed", "waiting"):
        if count := sum(file.state == state for file in files):
            yield state, count


def _facts(file: FileInfo | TemporaryFile, words: _Words) -> str:
    state = words.states.get(file.state)
    chunks = [] if state and not file.chunks else [_counted(file.chunks, words.chunks)]
    return words.comma.join([*chunks, _size(file.size), *([state] if state else [])])


def _counted(count: int, forms: tuple[str, str]) -> str:
    return forms[count != 1].format(count)


def _code(name: str) -> str:
    """A name as code, in which Markdown changes nothing."""
    return f"`` {name} ``" if "`" in name else f"`{name}`"


def _size(size: int) -> str:
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if value < UNIT:
            break
        value, unit = value / UNIT, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
