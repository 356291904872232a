"""How long it takes to read and index a folder, with how much memory, and where the time goes.

    .venv/bin/python benchmarks/ingest.py [--corpus text|samples|both] [--runs 3] [--embed-model NAME]
    .venv/bin/python benchmarks/ingest.py --pages 1000        one pdf of so many pages
    .venv/bin/python benchmarks/ingest.py --rows 100000       one csv of so many rows

The corpora are made in a temporary folder from word lists with a fixed seed; every text is invented. Each step is a
process of its own on the same data: cold (nothing kept), warm (nothing changed), resized (another chunk size, so text
comes from the cache), again (forced, so text and vectors come from the cache). Seconds are those of the whole process.
Peak memory is the largest sum of resident sizes of the process and its children; pages they share count for each.
Stages: `parse` and `split` are seconds of the readers, which work side by side; the others are of the one thread that
embeds and writes, and `waiting` is what is left of its time, mostly for readers.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

STEPS = ("cold", "warm", "resized", "again")
STAGES = ("parse", "split", "hash", "embed", "terms", "sql", "index", "check", "waiting")
RESIZED = 400
# Langchain-Chatchat 0.2.10, measured elsewhere on a machine of 2 cores with all-MiniLM-L6-v2.
PEER = {
    "samples": {"cold": "119-146 s, 3.4 GB", "warm": "124 s"},
    "text": {"cold": "304-327 s, 2.2 GB", "warm": "304-327 s"},
}
KB = "corpus"
TICK_S = 0.05
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


class Clock:
    """Seconds and calls by stage; stages of side-by-side threads add up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.seconds[stage] += seconds

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Measure every call of a function."""
        step = getattr(owner, name)

        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return step(*args, **kwargs)
            finally:
                self.add(stage, time.perf_counter() - began)

        setattr(owner, name, measured)

    def around_parsers(self, pool: Any) -> None:
        """Tell reading and splitting apart by what the reader reports."""
        parse = pool.parse

        def measured(self_: Any, task: Any, report: Callable[[str, int, int], None], cancelled: Any) -> Any:
            marks = [time.perf_counter()]

            def noticed(stage: str, page: int, pages: int) -> None:
                if stage == "splitting":
                    marks.append(time.perf_counter())
                report(stage, page, pages)

            text = parse(self_, task, noticed, cancelled)
            marks.append(time.perf_counter())
            self.add("parse", marks[1] - marks[0])
            self.add("split", marks[-1] - marks[1])
            return text

        pool.parse = measured


def work(step: str, embed_model: str) -> None:
    """One step, in a process of its own; its result is the last line of output."""
    from configs import load_settings
    from server.container import build_container
    from server.knowledge_base import content, parsers, rebuild
    from server.knowledge_base.recipe import IngestOptions

    clock = Clock()
    clock.around_parsers(parsers._Process)
    clock.around(content, "hashed", "hash")
    clock.around(rebuild, "prepare", "embed")
    clock.around(rebuild, "entries", "terms")
    clock.around(rebuild.Index, "change", "index")
    for name, stage in (("_insert", "sql"), ("_switch", "sql"), ("_is_current", "check")):
        clock.around(rebuild.Rebuild, name, stage)
    began = time.perf_counter()
    container = build_container(load_settings())
    options = IngestOptions(force=step == "again", chunk_size=None if step in ("cold", "warm") else RESIZED)
    steps = list(container.knowledge_bases.rebuild(KB, options, create=True, embed_model=embed_model))
    wall = time.perf_counter() - began
    container.close()
    own = sum(clock.seconds[stage] for stage in ("embed", "terms", "sql", "index", "check"))
    result = {**{stage: clock.seconds.get(stage, 0.0) for stage in STAGES}, "waiting": wall - own}
    failed = sorted(f"{each.file}: {each.error}" for each in steps if each.error)
    chunks = sum(each.chunks for each in steps)
    print(json.dumps({**result, "files": len(steps), "chunks": chunks, "failed": failed}))


def measure(data: Path, step: str, embed_model: str) -> dict[str, Any]:
    """Run one step and watch the memory of its processes."""
    own = {name: value for name, value in os.environ.items() if name != "ZHIWEN__PATHS__KNOWLEDGE_BASE"}
    command = [sys.executable, __file__, "--step", step, "--embed-model", embed_model]
    began = time.perf_counter()
    with subprocess.Popen(
        command, env={**own, "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(data)}, stdout=subprocess.PIPE, text=True
    ) as child:
        watched, peak = psutil.Process(child.pid), 0.0
        while child.poll() is None:
            peak = max(peak, memory_mb(watched))
            time.sleep(TICK_S)
        seconds = time.perf_counter() - began
        output = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"the step {step} failed")
    return {**json.loads(output.splitlines()[-1]), "seconds": seconds, "peak": peak}


def memory_mb(process: psutil.Process) -> float:
    """Resident memory of a process and its descendants."""
    total = 0
    for each in (process, *children(process)):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def benchmark(name: str, make: Callable[[Path], None], options: argparse.Namespace) -> None:
    """Make a corpus, run all steps `--runs` times and print the medians."""
    results: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / KB / "content"
            content.mkdir(parents=True)
            make(content)
            for step in options.steps:
                results[step].append(measure(Path(folder), step, options.embed_model))
    show(name, results)


def show(name: str, results: dict[str, list[dict[str, Any]]]) -> None:
    """The table of one corpus."""
    first = results["cold"][0]
    print(f"\n{name}: {first['files']} files, {first['chunks']} chunks, {len(first['failed'])} failed")
    for failure in first["failed"]:
        print(f"  {failure}")
    print("| step | seconds | peak MB | " + " | ".join(STAGES) + " | peer |")
    print("|---" * (len(STAGES) + 4) + "|")
    for step, runs in results.items():
        middle = {key: statistics.median(run[key] for run in runs) for key in ("seconds", *STAGES)}
        stages = " | ".join(f"{middle[stage]:.2f}" for stage in STAGES)
        peak = max(run["peak"] for run in runs)
        peer = PEER.get(name, {}).get(step, "")
        print(f"| {step} | {middle['seconds']:.2f} | {peak:.0f} | {stages} | {peer} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=("text", "samples", "both"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--embed-model", default="builtin-ngram")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        work(options.step, options.embed_model)
        return
    dice = random.Random(7)
    corpus = options.corpus or ("" if options.pages or options.rows else "both")
    if corpus in ("text", "both"):
        benchmark("text", lambda folder: make_text(folder, random.Random(7)), options)
    if corpus in ("samples", "both"):
        benchmark("samples", lambda folder: make_samples(folder, random.Random(7)), options)
    if options.pages:
        benchmark(f"{options.pages} pages", lambda f: make_pdf(f / "手册.pdf", dice, options.pages), options)
    if options.rows:
        benchmark(f"{options.rows} rows", lambda f: make_rows(f / "条款.csv", dice, options.rows), options)


if __name__ == "__main__":
    main()
