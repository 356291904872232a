"""The folders that `ingest.py` measures: every text is invented, from word lists with a fixed seed."""

import json
import random
from pathlib import Path

WHO = [
    "公司",
    "部门",
    "员工",
    "客户",
    "供应商",
    "项目组",
    "审计人员",
    "财务人员",
    "仓库管理员",
    "值班工程师",
    "采购专员",
    "新入职同事",
]
WHEN = [
    "每月月初",
    "合同签订之后",
    "系统升级期间",
    "出差结束后十五日内",
    "收到通知的当天",
    "年度盘点之前",
    "质保期届满时",
]
DOES = [
    "应当提交",
    "必须核对",
    "可以申请",
    "需要登记",
    "不得擅自修改",
    "负责归档",
    "及时更新",
    "统一保管",
    "逐项检查",
    "定期备份",
]
WHAT = [
    "报销单据",
    "设备清单",
    "服务协议",
    "测试报告",
    "库存台账",
    "访问权限",
    "会议纪要",
    "培训记录",
    "应急预案",
    "产品说明书",
    "备份介质",
]
WHY = ["以便追溯责任", "并由主管签字确认", "否则不予受理", "同时抄送信息安全部", "从而保证数据一致", "并保存三年以上"]


def sentence(dice: random.Random) -> str:
    """An invented rule with a number in it, so that no two texts are equal."""
    words = [dice.choice(part) for part in (WHEN, WHO, DOES, WHAT)]
    return f"{words[0]}，{words[1]}{words[2]}第{dice.randrange(10_000)}号{words[3]}，{dice.choice(WHY)}。"


def paragraphs(dice: random.Random, size: int) -> str:
    """Paragraphs of Chinese text, together of about `size` bytes."""
    found: list[str] = []
    while sum(len(each.encode()) for each in found) < size:
        found.append("".join(sentence(dice) for _ in range(dice.randint(2, 5))))
    return "\n\n".join(found)


def make_pdf(path: Path, dice: random.Random, pages: int) -> None:
    """A pdf with so many pages of text."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(str(path))
    for _ in range(pages):
        canvas.setFont("STSong-Light", 11)
        for line in range(36):
            canvas.drawString(60, 780 - 20 * line, sentence(dice))
        canvas.showPage()
    canvas.save()


def make_text(folder: Path, dice: random.Random) -> None:
    """600 texts of 3 KB and 20 pdfs of 10 pages."""
    for number in range(600):
        (folder / f"制度{number:03}.txt").write_text(paragraphs(dice, 3000), "utf-8")
    for number in range(20):
        make_pdf(folder / f"手册{number:02}.pdf", dice, 10)


def make_samples(folder: Path, dice: random.Random) -> None:
    """33 pictures of text, 6 Markdown files, and one csv, jsonl, xlsx, pdf and txt each."""
    from openpyxl import Workbook

    for number in range(33):
        make_picture(folder / f"扫描{number:02}.jpg", dice)
    for number in range(6):
        parts = [f"## 第{part}节\n\n{paragraphs(dice, 2000)}" for part in range(1, 9)]
        (folder / f"说明{number}.md").write_text("\n\n".join([f"# 说明{number}", *parts]), "utf-8")
    rows = [{"编号": number, "条款": sentence(dice)} for number in range(300)]
    lines = [f"{row['编号']},{row['条款']}" for row in rows]
    (folder / "条款.csv").write_text("\n".join(["编号,条款", *lines]), "utf-8")
    records = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "条款.jsonl").write_text("\n".join(records), "utf-8")
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("条款")
    for row in rows:
        sheet.append([*row.values()])
    workbook.save(folder / "条款.xlsx")
    make_pdf(folder / "手册.pdf", dice, 20)
    (folder / "制度.txt").write_text(paragraphs(dice, 30_000), "utf-8")


def make_picture(path: Path, dice: random.Random) -> None:
    """Part of a page of print as a scanner at 150 dots per inch sees it."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(cjk_font()), 25)
    lines = [sentence(dice) for _ in range(14)]
    picture = Image.new("RGB", (1240, 60 + 44 * len(lines)), (250, 250, 246))
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((60, 30 + 44 * number), line, font=font, fill=(20, 20, 24))
    picture.save(path, quality=80)


def cjk_font() -> Path:
    """A font of the system with Chinese characters."""
    for folder in ("/usr/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts"):
        for pattern in ("**/NotoSansCJK*", "**/wqy*.tt*", "**/PingFang*", "**/msyh*"):
            for found in sorted(Path(folder).glob(pattern)):
                return found
    raise SystemExit("no Chinese font was found: install one, such as Noto Sans CJK")


def make_rows(path: Path, dice: random.Random, rows: int) -> None:
    """A table with so many rows."""
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,日期,条款\n")
        file.writelines(f"{number},2024-01-{number % 28 + 1:02},{sentence(dice)}\n" for number in range(rows))
