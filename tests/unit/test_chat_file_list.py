"""The list of files as a source."""

from datetime import datetime, timezone

from server.chat.budget import Fitted
from server.chat.file_list import MOST_NAMES, file_list
from server.chat.prompt import messages_of
from server.knowledge_base.dropped import TemporaryFile
from server.knowledge_base.ledger import FileInfo
from server.llm.prompt_parts import parse_sources
from server.llm.reader import read

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def file(name, state="ready", size=1024, chunks=2):
    return FileInfo(name, state, size, chunks, NOW)


def test_names_numbers_sizes_and_states_are_told():
    files = [
        file("a.pdf", size=3 * 1024**2, chunks=40),
        file("b.docx", "failed", chunks=0),
        file("c.txt", "waiting", size=9, chunks=0),
        file("d.txt", "failed", size=2048),
    ]
    assert file_list("有哪些文件", {"手册": files}).chunk.text.splitlines() == [
        "知识库“手册”共有 4 个文件（42 个片段，3.0 MB，其中 2 个处理失败，其中 1 个尚未处理完）：",
        "- `a.pdf`：40 个片段，3.0 MB",
        "- `b.docx`：1.0 KB，处理失败",
        "- `c.txt`：9 B，尚未处理完",
        "- `d.txt`：2 个片段，2.0 KB，处理失败",
    ]
    assert file_list("list the files", {"kb": files[:1]}).chunk.text.splitlines() == [
        "Knowledge base “kb” holds 1 file (40 chunks, 3.0 MB):",
        "- `a.pdf`: 40 chunks, 3.0 MB",
    ]


def test_dropped_files_belong_to_the_conversation():
    text = file_list("有哪些文件", {"": [TemporaryFile("便条.txt", 30, "ready", 1)]}).chunk.text
    assert text == "这次对话共有 1 个文件（1 个片段，30 B）：\n- `便条.txt`：1 个片段，30 B"


def test_empty_knowledge_bases_say_so():
    assert file_list("有哪些文件", {"kb": []}).chunk.text == "知识库“kb”没有文件。"
    assert file_list("which files", {"kb": []}).chunk.text == "Knowledge base “kb” holds no files."


def test_long_lists_are_cut_and_the_numbers_said():
    bases = {
        "a": [file(f"{n:03}.txt") for n in range(300)],
        "b": [file("x.txt")],
        "c": [file(f"{n}.md") for n in range(90)],
    }
    lines = file_list("有哪些文件", bases).chunk.text.splitlines()
    assert lines[0] == "3 个知识库一共有 391 个文件。"
    assert [line for line in lines if "没有列出" in line] == [
        "- ……还有 267 个文件没有列出",
        "- ……还有 24 个文件没有列出",
    ]
    assert sum(line.startswith("- `") for line in lines) == MOST_NAMES
    assert "- `x.txt`：2 个片段，1.0 KB" in lines


def test_every_one_of_many_knowledge_bases_shows_a_file():
    text = file_list("有哪些文件", {str(n): [file("a.txt"), file("b.txt")] for n in range(MOST_NAMES + 5)}).chunk.text
    assert text.count("`a.txt`") == MOST_NAMES + 5


def test_a_name_with_backticks_stays_code():
    assert "`` a`b.txt ``" in file_list("有哪些文件", {"kb": [file("a`b.txt")]}).chunk.text


def test_the_built_in_reader_answers_with_the_whole_list_and_its_mark():
    hit = file_list("有哪些文件", {"kb": [file("年假。规定.pdf"), file("b [1] *c*.txt")]})
    (message,) = messages_of("有哪些文件", "{{ context }}\n{{ question }}", Fitted((), (hit,)))
    (source,) = parse_sources(message.content)
    assert read("有哪些文件", [source]) == (
        "知识库“kb”共有 2 个文件（4 个片段，2.0 KB）：\n"
        "- `年假。规定.pdf`：2 个片段，1.0 KB\n- `b ［1］ *c*.txt`：2 个片段，1.0 KB\n\n[1]"
    )
