"""The built-in reader: what it quotes, and when it says that nothing supports an answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.llm.prompt_parts import SourceText
from server.llm.reader import MAX_CHARACTERS, read

MANUAL = """# 支持的文件格式

知问可以读取以下格式：

- 纯文本（txt）
- Markdown（md）
- 带文字层的 PDF

## 启动

先安装依赖，再运行启动命令。默认端口是 8501。

```
python startup.py -a
```

| 服务 | 端口 |
|---|---|
| 网页界面 | 8501 |
| 知识库接口 | 7861 |
"""
RECORDS = "品名: 27 英寸显示器\n价格: 1999\n库存: 46"
ENGLISH = (
    "The warranty covers two years from the date of purchase. Batteries are excluded. "
    "Claims are sent to the service desk by e-mail. The device weighs 1.2 kg."
)


def source(text, number=1, file="手册.md", place=""):
    return SourceText(number, file, place, text)


def test_a_list_is_quoted_with_the_line_that_announces_it():
    answer = read("知问支持哪些文件格式？", [source(MANUAL)])
    assert answer is not None
    assert "知问可以读取以下格式：\n- 纯文本（txt）\n- Markdown（md）\n- 带文字层的 PDF" in answer
    assert "[1]" in answer
    assert "#" not in answer


def test_code_stays_whole_and_its_mark_outside():
    answer = read("启动命令是什么？", [source(MANUAL)])
    assert answer is not None
    assert "先安装依赖，再运行启动命令。" in answer


def test_a_table_row_keeps_its_head():
    answer = read("知识库接口的端口是多少？", [source(MANUAL)])
    assert answer is not None
    assert "| 服务 | 端口 |\n|---|---|\n" in answer
    assert "| 知识库接口 | 7861 |\n\n[1]" in answer


def test_code_cut_off_at_the_end_of_a_source_cannot_swallow_the_mark():
    answer = read("How do I start it with the launch command?", [source("The launch command is:\n```\nrun --all")])
    assert answer == "The launch command is:\n```\nrun --all\n```\n\n[1]"


def test_a_record_is_quoted_whole():
    answer = read("27 英寸显示器的价格是多少？", [source("第一条没有关系的文字。", 1), source(RECORDS, 2, "商品.csv")])
    assert answer == f"{RECORDS} [2]"


def test_english():
    answer = read("How long does the warranty last?", [source(ENGLISH, 3, "terms.txt")])
    assert answer is not None
    assert "The warranty covers two years from the date of purchase." in answer
    assert answer.endswith("[3]")


def test_a_definition_comes_before_other_mentions():
    text = "棱柱的底面互相平行。三棱柱的棱柱侧面有三个。棱柱是几何学中的一种三维多面体。求棱柱的体积要用高。"
    answer = read("什么是棱柱？", [source(text)])
    assert answer is not None
    assert "棱柱是几何学中的一种三维多面体。" in answer


@pytest.mark.parametrize(
    "question", ["公司食堂几点开饭？", "恐龙是怎么灭绝的？", "What is the capital of Mongolia?", "？", ""]
)
def test_nothing_supports_an_answer(question):
    assert read(question, [source(MANUAL, 1), source(ENGLISH, 2)]) is None


def test_no_sources():
    assert read("知问支持哪些文件格式？", []) is None
    assert read("知问支持哪些文件格式？", [source("  \n")]) is None


def test_quotes_come_in_reading_order_each_with_the_mark_of_its_source():
    one = source("报销单在返程后 15 个工作日内提交。餐费另计。", 1)
    two = source("报销单由部门经理审批。", 2)
    answer = read("报销单什么时候提交，由谁审批？", [one, two])
    assert answer is not None
    assert re.findall(r"\[(\d+)\]", answer) == ["1", "2"]
    assert answer.index("提交。") < answer.index("审批。")


def test_the_overlap_of_neighbouring_sources_is_quoted_once():
    answer = read(
        "保修期是多久？",
        [source("设备很轻。保修期从发票日期起为两年。", 1), source("保修期从发票日期起为两年。电池除外。", 2)],
    )
    assert answer is not None
    assert answer.count("保修期从发票日期起为两年。") == 1


def test_the_heading_of_the_place_counts():
    sources = [
        source("每天 20 元。", 1, "制度.docx", "第二章 > 市内交通"),
        source("每晚 550 元。", 2, "制度.docx", "第二章 > 住宿费"),
    ]
    answer = read("住宿费的标准是多少？", sources)
    assert answer is not None
    assert answer.startswith("每晚 550 元。")


words = st.text(alphabet="知问支持格式报销 abc.。：:|-#`*\n1[]", max_size=120)


@given(question=words, texts=st.lists(words, max_size=4))
def test_whatever_it_is_given_it_only_quotes(question, texts):
    answer = read(question, [source(text, number) for number, text in enumerate(texts, 1)])
    if answer is None:
        return
    given_text = "".join(texts)
    quoted = re.sub(r"\[\d+\]", "", answer)
    assert set(quoted) - set(" \n`~") <= set(given_text)
    longest = max((len(text) for text in texts), default=0)
    assert len(quoted) <= max(MAX_CHARACTERS, longest) * 2


def test_a_shortened_word_is_understood():
    sources = [SourceText(1, "员工手册.pdf", "", "员工入职满一年，可以享受带薪年休假 7 天。食堂在二楼。")]
    answer = read("年假有几天？", sources)
    assert answer is not None
    assert "年休假 7 天" in answer
