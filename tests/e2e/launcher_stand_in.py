"""A service that behaves as told: opens its port late or never, dies, ignores SIGTERM, has a child."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    death = None

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if self.death is not None:
            threading.Timer(self.death, os._exit, args=(7,)).start()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pids", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--die-loading", type=int, default=None, metavar="CODE")
    parser.add_argument("--die-after", type=float, default=None, metavar="SECONDS")
    parser.add_argument("--die-times", type=int, default=1000)
    parser.add_argument("--never", action="store_true")
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()

    if given.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    children = []
    if given.child:
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
        children.append(subprocess.Popen([sys.executable, "-S", "-c", code]))
    with given.pids.open("a") as file:
        for pid in (os.getpid(), *(child.pid for child in children)):
            file.write(f"{given.name} {pid}\n")
    starts = sum(line.split()[0] == given.name for line in given.pids.read_text().splitlines())

    sys.stdout.write(f"loading {given.name}\n")
    sys.stdout.flush()
    time.sleep(given.delay)
    if given.die_loading is not None:
        sys.stderr.write("ValueError: the weights are torn\n")
        sys.exit(given.die_loading)
    if given.never:
        time.sleep(300)
    if given.die_after is not None and starts <= given.die_times:
        Handler.death = given.die_after
    HTTPServer(("127.0.0.1", given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
