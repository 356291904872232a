"""The built-in reader: what it quotes, and when it says that nothing supports an answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.llm.prompt_parts import SourceText
from server.llm.quotable import pieces
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


STAFF = """| 工号 | 姓名 | 部门 | 分机 |
|---|---|---|---|
| QH0012 | 周晓岚 | 研发部 | 8112 |
| QH0027 | 陈建军 | 市场部 | 8127 |
| QH0044 | Omar Farouk | 研发部 | 8144 |
"""
LODGING = """各级别员工住宿标准如下表：

| 级别 | 一线城市 | 省会城市 |
|---|---|---|
| 总监 | 800元/晚 | 600元/晚 |
| 经理 | 600元/晚 | 450元/晚 |
| 普通员工 | 450元/晚 | 350元/晚 |
"""


def test_only_the_rows_that_are_meant_are_quoted():
    answer = read("周晓岚的分机是多少？", [source(STAFF)])
    assert answer is not None
    assert "8112" in answer
    assert "8127" not in answer
    answer = read("普通员工在省会城市的住宿标准是多少？", [source(LODGING)])
    assert answer is not None
    assert "350元" in answer
    assert "600元" not in answer
    answer = read("对比总监和经理的住宿标准", [source(LODGING)])
    assert answer is not None
    assert "800元" in answer
    assert "| 经理 |" in answer
    assert "普通员工" not in answer


def test_rows_that_are_not_side_by_side_share_the_head_of_their_table():
    answer = read("研发部有哪些人？", [source(STAFF)])
    assert answer is not None
    assert "| QH0012 | 周晓岚 | 研发部 | 8112 |\n| QH0044 | Omar Farouk |" in answer
    assert answer.count("姓名") == 1


def test_a_whole_table_stays_where_no_row_is_singled_out():
    answer = read("员工的住宿标准是什么？", [source(LODGING)])
    assert answer is not None
    assert "总监" in answer
    assert "普通员工" in answer


def test_the_record_that_is_named_is_quoted_alone():
    records = "\n\n".join(f"编号: C-100{n}\n名称: 客户{n}\n账期: {n * 15}" for n in (1, 2, 3))
    sources = [source(text, number) for number, text in enumerate(records.split("\n\n"), 1)]
    answer = read("C-1003的账期是多少天？", sources)
    assert answer is not None
    assert "账期: 45" in answer
    assert "C-1001" not in answer
    assert read("C-1009的账期是多少天？", sources) is None


def test_what_the_question_names_comes_before_what_is_worded_alike():
    sources = [
        source("搅拌器H007型的额定功率为52千瓦。", 1),
        source("搅拌器L297型的额定功率为36千瓦。", 2),
    ]
    answer = read("搅拌器H007型的额定功率是多少？", sources)
    assert answer is not None
    assert "52千瓦" in answer
    assert "36千瓦" not in answer
    faq = "## Q1: 如何重置VPN密码？\n\nA: 登录VPN后台重置密码。\n## Q2: 如何重置ERP密码？\n\nA: 登录ERP后台重置密码。"
    answer = read("VPN密码怎么重置？", [source(faq)])
    assert answer is not None
    assert "VPN后台" in answer
    assert "ERP" not in answer


def test_clauses_beside_the_right_one_are_not_drawn_in():
    contract = "第二条租赁期限为三年。第三条月租金为58,000元，每月5日前支付。第四条押金为三个月租金。"
    answer = read("每月几日前支付月租金？", [source(contract)])
    assert answer is not None
    assert "第三条" in answer
    assert "第二条" not in answer


def test_a_list_of_everything_has_more_room():
    text = "\n".join(
        f"- 报警代码E{n:02d}：第{n}号回路发生故障，应当停机检查{'并通知维修人员' * 3}。" for n in range(1, 11)
    )
    answer = read("列出所有报警代码", [source(text)])
    assert answer is not None
    assert sum(f"E{n:02d}" in answer for n in range(1, 11)) == 10


def test_a_lone_cell_is_text_and_figures_below_a_line_are_rows_of_it():
    note = "| 预算由财务部汇总，调整须在每季度最后一个月的20日前提交。 |\n| --- |"
    answer = read("预算调整什么时候提交？", [source(note)])
    assert answer == "预算由财务部汇总，调整须在每季度最后一个月的20日前提交。 [1]"
    table = "Site Colonies Median trip (km)\nHarbour 14 1.6\nCentre 12 0.9\nPark 12 1.1\nThe rest was lost."
    answer = read("What is the median trip of the Park site?", [source(table)])
    assert answer is not None
    assert "Park 12 1.1" in answer
    assert "Harbour" not in answer


def test_lines_of_a_narrow_column_are_put_together():
    column = (
        "第二章 故障处理\n2.1报警代码E07表示\n气压不足，应检查空压机。\n2.2报警代码E12表示\n镜片温度过高，立即停机。"
    )
    answer = read("报警代码E12是什么意思？", [source(column)])
    assert answer is not None
    assert "2.2报警代码E12表示镜片温度过高，立即停机。" in answer


def test_lines_without_a_stop_do_not_run_together():
    answer = read("出租方是谁？", [source("出租方：云栖物业公司\n\n承租方为青禾科技公司\n租期三年")])
    assert answer is not None
    assert "公司租期" not in answer


def test_a_second_head_brings_its_numbers_along():
    table = "| 补贴 | 补贴 | 补贴 |\n|---|---|---|\n| 境内 | 港澳 | 国外 |\n| 100元 | 300元 | 60美元 |"
    answer = read("国外补贴多少？", [source(table)])
    assert answer is not None
    assert "60美元" in answer


def test_a_place_whose_name_holds_a_common_character_singles_out_its_row():
    table = "| 姓名 | 城市 |\n|---|---|\n| 林婉如 | 上海 |\n| 陈建军 | 北京 |"
    answer = read("哪些员工在上海？", [source(table, place="员工名册")])
    assert answer is not None
    assert "林婉如" in answer
    assert "陈建军" not in answer


def test_ranges_with_a_measure_are_quoted_as_one_table():
    table = "累计工龄 每年带薪年休假\n满 1 年不满 5 年 7 天\n满 5 年不满 10 年 10 天\n满 10 年 13 天"
    answer = read(
        "工龄 6 年，每年有多少天年假？", [source(f"年假按照累计工龄计算，见下表。\n{table}\n年假以半天为单位。")]
    )
    assert answer is not None
    assert table in answer


def test_lines_that_close_with_different_units_are_no_table():
    text = "去年 的预算 是\n买书 用了 5 万元\n会上 有 12 人\n楼下 停 3 辆"
    assert [piece.kind for piece in pieces(text)] == ["sentence"]
