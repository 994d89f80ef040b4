"""The receiver of webhooks and the collector of traces of a stack: accepts, refuses and fails, so that each outcome is counted."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Standard Webhooks: 410 gives a message up and disables the endpoint. OTLP: 503 is tried again, 400 is not.
ANSWERS = {"/recovers": [500, 500, 204], "/gone": [410], "/v1/traces": [400, 503, 200]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.answer(self.path))
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass  # the services log what they get


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.left, self.lock = {path: list(codes) for path, codes in ANSWERS.items()}, threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, path):
        """The next status code of a path; its last one again and again."""
        with self.lock:
            codes = self.left[path]
            return codes.pop(0) if len(codes) > 1 else codes[0]

    def handle_error(self, request, client_address):
        # A service that is ended does not wait for its connections.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def close(self):
        self.shutdown()
        self.server_close()
