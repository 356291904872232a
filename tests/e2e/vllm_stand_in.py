"""What `vllm serve` looks like from outside: its arguments, its key, its health and its OpenAI API."""

import argparse
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        if self.path == "/health":
            self._send(200, {})
        elif self._is_allowed():
            self._send(200, {"data": [{"id": self.server.model, "max_model_len": 777}]})

    def do_POST(self):
        if not self._is_allowed():
            return
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = f"{asked['model']} heard: {asked['messages'][-1]['content']}".split(" ")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number, word in enumerate(words):
            self._event({"choices": [{"index": 0, "delta": {"content": (" " if number else "") + word}}]})
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, body):
        self.wfile.write(f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', **body})}\n\n".encode())

    def _is_allowed(self):
        allowed = self.headers.get("Authorization") == f"Bearer {os.environ['VLLM_API_KEY']}"
        if not allowed:
            self._send(401, {"error": "Unauthorized"})
        return allowed

    def _send(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("weights")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--served-model-name", required=True)
    given, others = parser.parse_known_args()
    if "--fail" in others:
        sys.exit("torch.OutOfMemoryError: CUDA out of memory")
    if "--slow" in others:
        sys.stderr.write("Loading safetensors checkpoint shards:  33% Completed | 1/3 [00:01<00:02]\n")
        time.sleep(300)
    time.sleep(0.5)
    server = ThreadingHTTPServer((given.host, given.port), Handler)
    server.model = given.served_model_name
    server.serve_forever()


if __name__ == "__main__":
    main()
