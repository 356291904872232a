"""A hub on loopback that speaks as much of both protocols as a download needs, and can break off and lie."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0" * 39 + "1"
TRICKLE, TRICKLE_S = 16_384, 0.5


class FakeHub:
    """`files` by path; `cut` paths break off once in mid-file; `held` ones trickle from there until `go` is set; `lies`
    have another checksum than announced."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.cut: set[str] = set()
        self.held: set[str] = set()
        self.go = threading.Event()
        self.lies: set[str] = set()
        self.sizes: dict[str, int] = {}
        self.ranges: list[str] = []
        self.served: list[str] = []
        self.url = ""

    def sha256(self, path: str) -> str:
        return hashlib.sha256(self.files[path] + (b"!" if path in self.lies else b"")).hexdigest()

    def size(self, path: str) -> int:
        return self.sizes.get(path, len(self.files[path]))

    def listing(self, path: str) -> object | None:
        if re.fullmatch(r"/api/models/org/(?:tiny|pupil)(/revision/[^/]+)?", path):
            siblings = [
                {
                    "rfilename": name,
                    "size": self.size(name),
                    "lfs": {"sha256": self.sha256(name), "size": self.size(name), "pointerSize": 130},
                }
                for name in self.files
            ]
            return {"id": "org/tiny", "modelId": "org/tiny", "sha": COMMIT, "siblings": siblings}
        if re.fullmatch(r"/api/models/org/(?:tiny|pupil)/tree/[^/]+", path):
            return [
                {"type": "file", "path": name, "size": self.size(name), "oid": self.sha256(name)[:40]}
                for name in self.files
            ]
        if path == "/api/v1/models/org/tiny/repo/files":
            listed = [
                {"Path": name, "Name": name, "Size": self.size(name), "Sha256": self.sha256(name), "Type": "blob"}
                for name in self.files
            ]
            return {"Code": 200, "Success": True, "Data": {"Files": listed}}
        return None

    def file_of(self, path: str, query: Mapping[str, list[str]]) -> str | None:
        if match := re.fullmatch(r"/org/(?:tiny|pupil)/resolve/[^/]+/(.+)", path):
            return match[1]
        if path == "/api/v1/models/org/tiny/repo":
            return query.get("FilePath", [""])[0]
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        listing = self.hub.listing(path)
        if listing is not None:
            return self._send(200, json.dumps(listing).encode(), body=body, kind="application/json")
        name = self.hub.file_of(path, parse_qs(parts.query))
        if name not in self.hub.files:
            return self._send(404, b"{}", body=body, headers={"X-Error-Code": "RepoNotFound"})
        return self._send_file(name, body=body)

    def _send_file(self, name: str, *, body: bool) -> None:
        content, status = self.hub.files[name], 200
        headers = {"ETag": f'"{self.hub.sha256(name)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range")
        if asked and body:
            self.hub.ranges.append(name)
            first, last = re.match(r"bytes=(\d+)-(\d*)", asked).groups()  # type: ignore[union-attr]
            end = int(last) + 1 if last else len(content)
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(content)}"
            content, status = content[int(first) : end], 206
        if body:
            self.hub.served.append(name)
        if name in self.hub.held and body:
            self._hold(status, content, {**headers, "Connection": "close"})
            return
        self._send(status, content, body=body, headers=headers, cut=name in self.hub.cut and body)
        if body:
            self.hub.cut.discard(name)

    def _hold(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        """Half of it, then a little now and then, and the rest when it may go on; whoever asked may have left."""
        sent = len(content) // 2
        try:
            self._send(status, content, body=False, headers=headers)
            self.wfile.write(content[:sent])
            while not self.hub.go.wait(TRICKLE_S):
                self.wfile.write(content[sent : sent + TRICKLE])
                sent += TRICKLE
            self.wfile.write(content[sent:])
        except OSError:
            self.close_connection = True

    def _send(
        self,
        status: int,
        content: bytes,
        *,
        body: bool,
        kind: str = "application/octet-stream",
        headers: Mapping[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if not body:
            return
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running(hub: FakeHub) -> Iterator[FakeHub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        hub.go.set()
        server.shutdown()
        server.server_close()
