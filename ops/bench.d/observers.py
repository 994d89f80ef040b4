"""What looks at a stack in production: a collector of traces that keeps nothing, and a queue that gets every event."""

import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from amqp import Queues, short

QUEUE_DECLARE, QUEUE_DECLARED, QUEUE_BIND, QUEUE_BOUND = (50, 10), (50, 11), (50, 20), (50, 21)
# The oldest are dropped: nobody consumes them here.
KEPT_EVENTS = 10_000
SAMPLED = "0.01"


class Collector:
    """Accepts traces by OTLP over HTTP, on a thread of its own."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        self.server.requests = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_address[1]}",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": SAMPLED,
        }

    def requests(self):
        return self.server.requests

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass  # it would be in the way of the results


def bind_events(url):
    """Declares a queue that every event is routed to."""
    limit = short("x-max-length") + b"I" + struct.pack(">i", KEPT_EVENTS)
    with Queues(url) as queues:
        queues.send(1, QUEUE_DECLARE, struct.pack(">H", 0) + short("bench.events") + b"\2" + struct.pack(">I", len(limit)) + limit)
        queues.receive(QUEUE_DECLARED)
        names = short("bench.events") + short("longhaul.events") + short("#")
        queues.send(1, QUEUE_BIND, struct.pack(">H", 0) + names + b"\0" + struct.pack(">I", 0))
        queues.receive(QUEUE_BOUND)
