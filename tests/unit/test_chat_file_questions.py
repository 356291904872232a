"""Which questions ask for the list of files, and which only speak of files."""

import json
from pathlib import Path

import pytest

from server.chat.file_questions import asks_for_files

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NAMES = ("samples", "手册", "my-kb")

FOR_THE_LIST = """
这个知识库里有哪些文件？
有几个文件
列出所有文档
知识库中共有多少个文档？
请列出知识库中的所有文件
请问你有哪些文档？
有多少个文件呢？
列出知识库里的文件名
把知识库里的文件都列出来
知识库里有什么？
知识库里有哪些资料
我上传了哪些文件？
我上传的文件有哪些？
文件列表
知识库的文件清单
文件总数是多少
這個知識庫有哪些文件？
samples 知识库里有哪些文件？
my-kb里有哪些文件
知识库“samples”包含哪些文件
在 samples 和手册中有哪些文件？
手册里有几个文档？
which files are in this knowledge base
how many documents are there
What documents do you have access to?
List all documents.
Please list all the documents in this knowledge base
how many files are in samples?
how many files are in 手册?
Which documents are in the samples knowledge base?
which documents are there in knowledge base my-kb
How many files does this knowledge base contain?
What's in the knowledge base?
what files have been uploaded?
how many documents have I uploaded
give me a list of the documents
Can you list the files here?
"""

ABOUT_CONTENT = """
知问支持哪些文件格式
哪些文件需要签字？
申请签证需要哪些文件？
列出所有需要归档的文件
文件有哪些
投标文件包括哪些文件
包括哪些文件
哪些文件
知识库最多可以有多少个文件？
一个知识库能放多少文件
知识库支持哪些文件类型
知识库里的文件怎么删除
如何列出知识库里的文件？
怎么查看知识库里有哪些文件
有哪些文件格式
有哪些文件需要保密
知识库是什么
知识库里有关于年假的文件吗
知识库里有什么限制
列出所有文件类型
单个文件有多大
手册里有什么规定
which files must be signed
which documents are required for a visa
how many documents are required
how many files can I upload
how many files can a knowledge base hold
list all files that must be archived
list all document types
what file formats are supported
what is in the contract
how many documents are there in the archive room
which files have been signed
what is the knowledge base
how do I list all files
"""


@pytest.mark.parametrize("question", FOR_THE_LIST.strip().splitlines())
def test_the_list_is_asked_for(question):
    assert asks_for_files(question, NAMES)


@pytest.mark.parametrize("question", ABOUT_CONTENT.strip().splitlines())
def test_the_content_is_asked_about(question):
    assert not asks_for_files(question, NAMES)


def test_no_written_question_of_the_samples_asks_for_the_list():
    conversations = json.loads((SAMPLES / "conversations.json").read_text("utf-8"))
    absent = json.loads((SAMPLES / "absent_questions.json").read_text("utf-8"))
    asked = [turn["question"] for conversation in conversations for turn in conversation]
    asked += [question for questions in absent.values() for question in questions]
    assert [question for question in asked if asks_for_files(question, ["samples"])] == []


def test_a_name_counts_only_where_it_is_asked():
    assert asks_for_files("价目里有哪些文件", ["价目"])
    assert not asks_for_files("价目里有哪些文件", ["手册"])
    assert not asks_for_files("which files are in samples", ["sample"])


def test_a_name_like_the_words_of_the_question_spoils_nothing():
    assert asks_for_files("有哪些文件", ["文件"])
    assert asks_for_files("how many files are there", ["files"])
    assert asks_for_files("which files are in base and knowledge", ["base", "knowledge"])


@pytest.mark.parametrize("question", ["知识库" * 26, "的上传" * 26, "the " * 20, "已经已" * 26 + "x", "列出" * 1000])
def test_long_repetitions_end(question):
    assert not asks_for_files(question)
