"""`search_docs` under load: the API in a process of its own, clients in this one.

`python benchmarks/search.py [--chunks 10000] [--seconds 8]` prints requests a second, latencies, the processor time of
a request in the API (which a busy machine changes least) and the longest time its event loop was blocked, with 1 and
64 clients, over one and over four knowledge bases in turn. On Linux the time in which the loop was ready to run but the
machine had no processor for it is not counted as blocked.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LETTERS = "设备网络预算合同质量安全培训采购库存客户退货保修审批报销考勤档案机房电源软件许可接口日志"
WORDS = [LETTERS[start : start + 2] for start in range(0, len(LETTERS), 2)]
LAG_EVERY_S = 0.005


def text_of(number: int) -> str:
    """One chunk: different words in different orders, with a code of its own."""
    chooser = random.Random(number)
    words = [chooser.choice(WORDS) for _ in range(60)]
    return f"第{number}条 编号K-{number}：" + "，".join("".join(words[i : i + 4]) for i in range(0, 60, 4)) + "。"


def build(folder: Path, chunks: int, names: list[str]) -> None:
    """Knowledge bases of the asked size, made by the product itself."""
    from configs import load_settings
    from server.container import build_container
    from server.knowledge_base.parsers import InlineParser
    from server.knowledge_base.recipe import IngestOptions
    from server.knowledge_base.uploads import Upload

    settings = load_settings()
    container = build_container(settings, parser=InlineParser(settings))
    for number, name in enumerate(names):
        container.knowledge_bases.create(name)
        path = folder / f"{name}.csv"
        rows = (f'"{text_of(number * chunks + row)}"' for row in range(chunks))
        path.write_text("内容\n" + "\n".join(rows) + "\n", "utf-8")
        with path.open("rb") as stream:
            container.knowledge_bases.add_files(name, [Upload(f"{name}.csv", stream)], IngestOptions())
    container.close()


@contextmanager
def serving(port: int) -> Iterator[None]:
    """The API in its own process."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(port)])
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def without_processor_s() -> float:
    """How long this thread has waited for a processor so far; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def serve(port: int) -> None:
    """The API with a clock on its event loop."""
    import uvicorn

    from configs import load_settings
    from server.api.app import create_app

    app = create_app(load_settings())
    gc.freeze()  # as `server.api.__main__` does
    lags: list[float] = []

    async def watch() -> None:
        while True:
            begun, waited = time.perf_counter(), without_processor_s()
            await asyncio.sleep(LAG_EVERY_S)
            waited = without_processor_s() - waited
            lags.append(time.perf_counter() - begun - LAG_EVERY_S - waited)

    watching: list[asyncio.Task[None]] = []

    @app.get("/lags")
    async def tell() -> dict[str, float]:
        if not watching:
            watching.append(asyncio.create_task(watch()))
        ordered = sorted(lags) or [0.0]
        lags.clear()
        longest, p99 = ordered[-1] * 1000, ordered[int(len(ordered) * 0.99)] * 1000
        return {"max_ms": longest, "p99_ms": p99, "cpu_ms": time.process_time() * 1000}

    # As `server.api.__main__` does, so the event loop is the same one.
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False)


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> int:
    """One request on an open connection; its status."""
    head = (
        "POST /knowledge_base/search_docs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    header = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in header.split(b"\r\n")[1:] if b": " in line)
    answer = await reader.readexactly(int(fields[b"content-length"]))
    status = int(header.split(b" ", 2)[1])
    return status if status != 200 or len(json.loads(answer)) > 0 else 0


async def load(port: int, clients: int, seconds: float, names: list[str], chunks: int) -> dict[str, float]:
    """Clients that ask one question after the other."""
    spent: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal errors
        chooser = random.Random(number)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while (begun := time.perf_counter()) < end:
            name = names[turn % len(names)]
            turn += 1
            place = names.index(name) * chunks + chooser.randrange(chunks)
            question = f"编号K-{place}的{chooser.choice(WORDS)}和{chooser.choice(WORDS)}是怎样规定的？"
            body = {"query": question, "knowledge_base_name": name, "top_k": 3, "score_threshold": 2}
            errors += await ask(reader, writer, json.dumps(body).encode()) != 200
            spent.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    took = time.perf_counter() - begun
    ordered = sorted(spent)
    return {
        "asked": len(spent),
        "rate": len(spent) / took,
        "p50": statistics.median(ordered) * 1000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1000,
        "errors": errors,
    }


async def fetch(port: int, path: str) -> dict[str, float]:
    """A GET whose answer is JSON."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])


async def measure(port: int, args: argparse.Namespace, names: list[str]) -> None:
    for _ in range(400):
        try:
            await fetch(port, "/health")
            break
        except OSError:
            await asyncio.sleep(0.05)
    await load(port, 4, 2, names, args.chunks)
    print(
        "| clients | knowledge bases | requests/s | p50 | p99 | errors | CPU | loop blocked, longest (p99) |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for clients, used in ((1, names[:1]), (64, names[:1]), (64, names)):
        runs, lags = [], [await fetch(port, "/lags")]
        for _ in range(args.runs):
            runs.append(await load(port, clients, args.seconds, used, args.chunks))
            lags.append(await fetch(port, "/lags"))
        cpu = (lags[-1]["cpu_ms"] - lags.pop(0)["cpu_ms"]) / sum(run["asked"] for run in runs)
        middle = {key: statistics.median(run[key] for run in runs) for key in ("rate", "p50", "p99")}
        print(
            f"| {clients} | {len(used)} | {middle['rate']:.0f} | {middle['p50']:.0f} ms | {middle['p99']:.0f} ms | "
            f"{sum(int(run['errors']) for run in runs)} | {cpu:.1f} ms | {max(lag['max_ms'] for lag in lags):.0f} ms "
            f"({statistics.median(lag['p99_ms'] for lag in lags):.0f} ms) |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000, help="chunks of each knowledge base")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, default=17861)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZHIWEN__PATHS__KNOWLEDGE_BASE"] = folder
        os.environ["ZHIWEN__MODELS__EMBED_PREFERENCE"] = '["builtin-ngram"]'
        os.environ["ZHIWEN__MODELS__LLM_PREFERENCE"] = '["builtin-extractive"]'
        names = ["one", "two", "three", "four"]
        build(Path(folder), args.chunks, names)
        with serving(args.port):
            asyncio.run(measure(args.port, args, names))


if __name__ == "__main__":
    main()
