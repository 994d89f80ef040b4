"""A receiver of webhooks for tests: verifies each message with `standardwebhooks` and prints it as a line of JSON.

usage: webhook_receiver.py [--tls CERTIFICATE KEY] [--hold FILE] SECRET…

The first line is {"port": PORT}. The first segment of the path says how it answers:
  ok          204
  fails/N     500 to the first N attempts at a message, then 200
  gone        410
  moved       302 to /ok
  later/S     503 with Retry-After: S to the first attempt at a message, then 200
  held        200 once FILE exists; it is printed before that
"""

import argparse
import http.server
import json
import os
import ssl
import sys
import threading
import time
from collections import Counter
from typing import ClassVar

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    secrets: ClassVar[list] = []
    hold = ""
    seen: ClassVar[Counter] = Counter()
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        message = headers.get("webhook-id", "")
        with self.lock:
            self.seen[message, self.path] += 1
            attempt = self.seen[message, self.path]
        record = {"path": self.path, "attempt": attempt, "at": time.time(), "headers": headers, "body": body.decode(), "verifiedBy": []}
        for index, secret in enumerate(self.secrets):
            try:
                Webhook(secret).verify(body, headers)
                record["verifiedBy"].append(index)
            except WebhookVerificationError:
                pass
        with self.lock:
            print(json.dumps(record), flush=True)
        self.answer(attempt)

    def do_GET(self):
        """A redirect that was followed would come here."""
        with self.lock:
            print(json.dumps({"path": self.path, "followed": True}), flush=True)
        self.reply(200)

    def answer(self, attempt):
        parts = self.path.strip("/").split("/")
        number = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        if parts[0] == "fails" and attempt <= number:
            self.reply(500, "no")
        elif parts[0] == "gone":
            self.reply(410, "nobody is here any more")
        elif parts[0] == "moved":
            self.reply(302, headers={"Location": "/ok"})
        elif parts[0] == "later" and attempt == 1:
            self.reply(503, headers={"Retry-After": str(number)})
        else:
            while parts[0] == "held" and not os.path.exists(self.hold):
                time.sleep(0.01)
            self.reply(204 if parts[0] == "ok" else 200)

    def reply(self, status, text="", headers=None):
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if status != 204:
                self.wfile.write(text.encode())
        except OSError:
            # The sender is gone.
            self.close_connection = True

    def log_message(self, format, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--hold", default="")
    parser.add_argument("secrets", nargs="+")
    options = parser.parse_args()
    Receiver.secrets, Receiver.hold = options.secrets, options.hold
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
