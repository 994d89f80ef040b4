"""Exports, downloads and messages that fail."""

from . import fault

# The few jobs of a page must not open the circuit breaker.
CALM = "{ minimum: 1000 }"


@fault("export-api-timeout", [r"max-wait-exceeded"], WAIT=4)
def export_api_timeout(stack):
    """Exports take longer than maxWait."""
    slow = "{ policy: fixed, interval: 500ms, maxWait: 5s }"
    stack.begin(polling=slow)
    late = stack.jobs(4, "late", durationSeconds=8)
    stack.wait_for("FAILED", late)
    yield "Fix 1"
    stack.write_provider(polling=slow.replace("5s", "1m"))
    yield "the end"
    # A job keeps its version of the provider file; a new one has the longer maxWait.
    stack.jobs(2, "new", durationSeconds=8)


@fault("download-failures", [r"http-500", r"longhaul_transfers_total\{.*failed"], WAIT=5)
def download_failures(stack):
    """The file server fails as often as a file has attempts. Then it works."""
    stack.begin()
    broken = stack.jobs(6, "broken", faults={"download:500": 2})
    stack.jobs(3, "good")
    stack.wait_for("FAILED", broken)
    yield from ()


@fault("dead-letters", [r"http-500", r"not-json", r"FAILED"], WAIT=5)
def dead_letters(stack):
    """The API fails as often as a step has attempts, an export fails for good, and a message is not JSON."""
    stack.begin(breaker=CALM)
    broken = stack.jobs(6, "broken", faults={"status:500": 2})
    hopeless = stack.jobs(2, "hopeless", end="FAILED", faults={"failedExport": 1})
    message = {"routing_key": "longhaul.jobs.normal", "properties": {"delivery_mode": 2}, "payload": "a job", "payload_encoding": "string"}
    stack.broker.call("POST", "/exchanges/%2F/amq.default/publish", message)
    stack.wait_for("FAILED", [*broken, *hopeless])
    yield from ()
