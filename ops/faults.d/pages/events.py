"""What is told to others does not reach them."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stack import until

from . import fault

REFUSING = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
KEY = f"whsec_{base64.b64encode(bytes(32)).decode()}"


@fault("events-wait", [r"^longhaul_events_oldest_seconds [1-9]", r"^longhaul\.events\s+audit\.events"], WAIT=5, FULL="audit.events")
def events_wait(stack):
    """A reader's queue is full and refuses events."""
    stack.begin()
    stack.broker.call("PUT", "/queues/%2F/audit.events", {"durable": True, "arguments": REFUSING})
    stack.broker.call("POST", "/bindings/%2F/e/longhaul.events/q/audit.events", {"routing_key": "#"})
    stack.jobs(6)
    yield "Verify 1"
    # A reader empties it from now on.
    stack.broker.call("DELETE", "/queues/%2F/audit.events")


@fault("histories-wait", [r"^longhaul_trail_oldest_seconds [1-9]", r"no consumer"], WAIT=5)
def histories_wait(stack):
    """The only worker has died, and jobs end."""
    stack.begin()
    stack.processes["worker-1"].kill()
    ended = stack.jobs(4, "ended", end="FAILED", faults={"failedExport": 1})
    stack.wait_for("FAILED", ended)
    yield from ()


@fault("webhooks-refused", [r"410", r"endpoint is disabled", r"^longhaul_webhook_endpoint_disabled\{.*1$"], WAIT=5, PROVIDER="sandbox")
def webhooks_refused(stack):
    """A receiver answers 410, and accepts messages when the operator acts."""
    receiver = Receiver()
    stack.begin(
        secret={"FAULTS_TOKEN": "faults", "FAULTS_HOOK": KEY},
        webhook=f'{{ url: "{receiver.url}", secrets: ["{{{{ .secrets.FAULTS_HOOK }}}}"] }}',
    )
    told = stack.jobs(3)
    stack.wait_for("COMPLETED", told)
    until(lambda: receiver.answered, 30, "no webhook is sent")
    yield "Fix 1"
    receiver.code = 204


class Receiver(ThreadingHTTPServer):
    """Answers each request with `code`, until the test ends."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.code, self.answered = 410, 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answered += 1
        self.send_response(self.server.code)
        self.end_headers()

    def log_message(self, *_):
        pass  # the services log what they get
