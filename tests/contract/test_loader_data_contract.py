"""The loaders of data, code, mails and books keep what every loader promises."""

from test_loader_contract import LoaderContract


class TestJsonLoader(LoaderContract):
    name, sample, words, place = "JsonLoader", "orders.json", ("客户: 张三", "金额: 120.5", "备注: 加急, 送货"), "part"
    unreadable = ("broken.json", "binary.txt", "empty.txt")


class TestJsonLinesLoader(LoaderContract):
    name, sample, words, place = "JsonLinesLoader", "orders.jsonl", ("客户: 张三", "客户: 李四"), "lines"
    unreadable = ("broken.jsonl", "binary.txt")


class TestXmlLoader(LoaderContract):
    name, sample, place = "XmlLoader", "handbook.xml", "headings"
    words = ("title: 保修", "知问科技提供二十四个月保修。", "容量: 5000 (单位: 毫安时)")
    unreadable = ("broken.xml", "bomb.xml", "binary.txt", "empty.txt", "poem_gbk.txt")


class TestCodeLoader(LoaderContract):
    name, sample, words, place = "CodeLoader", "fee.py", ("RATE = 1.5", "def fee", "# 仓库", "class Warehouse"), "lines"
    unreadable = ("binary.txt",)


class TestNotebookLoader(LoaderContract):
    name, sample, place = "NotebookLoader", "sales.ipynb", "part"
    words = ("# 销售分析", "```python\ntotal = 1280", "合计 1280", "KeyError", "## 结论")
    unreadable = ("orders.json", "broken.json", "binary.txt", "empty.txt")


class TestSubtitleLoader(LoaderContract):
    name, sample, words, place = "SubtitleLoader", "film.srt", ("今天我们介绍 X200 的保修。", "二十四个月"), "part"
    unreadable = ("poem_gbk.txt", "binary.txt", "empty.txt")


class TestRstLoader(LoaderContract):
    name, sample, place = "RstLoader", "manual.rst", "headings"
    words = ("请看 保修 一节", "| 重量 | 320 克 |", "新的电池。", "1. 清洁滤网")
    unreadable = ("binary.txt",)


class TestEvernoteLoader(LoaderContract):
    name, sample, words, place = "EvernoteLoader", "notes.enex", ("周会", "[x] 发报价", "白板.png", "滤网两个"), "part"
    unreadable = ("broken.xml", "binary.txt", "empty.txt")


class TestEmailLoader(LoaderContract):
    name, sample, place = "EmailLoader", "offer.eml", "part"
    words = ("Subject: X200 报价", "保修期二十四个月", "名称: 滤网", "滤网剩余一百件", "附件 ../../setup.exe 未读取")
    unreadable = ("poem_gbk.txt", "binary.txt", "empty.txt")


class TestOutlookLoader(LoaderContract):
    name, sample, place = "OutlookLoader", "offer.msg", "part"
    words = ("Subject: X200 报价", "From: 张三 <zhang@example.com>", "朱镕基路一号", "名称: 滤网", "滤网剩余一百件")
    unreadable = ("corrupt.msg", "old_word.docx", "binary.txt", "empty.txt")


class TestMhtmlLoader(LoaderContract):
    name, sample, words, place = "MhtmlLoader", "page.mht", ("报销制度", "返回后十五日内提交。"), "headings"
    unreadable = ("offer.msg", "poem_gbk.txt", "binary.txt", "empty.txt")


class TestEpubLoader(LoaderContract):
    name, sample, words, place = "EpubLoader", "book.epub", ("每三个月清洗一次", "每年更换滤网", "PPR-9087"), "part"
    unreadable = ("protected.epub", "rules.docx", "binary.txt", "empty.txt")
