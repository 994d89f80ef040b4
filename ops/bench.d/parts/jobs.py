"""Whole jobs with one small file each: from the message in RabbitMQ to the manifest in the output."""

import signal
import subprocess
import time
import urllib.request

from programs import build
from stack import Stack, free_port
from support import Failure, micro, say, until
from usage import Window

RUNS = 3
# Ready at once, and checked as soon as a provider file allows.
POLLING = "{ policy: fixed, interval: 10ms, maxWait: 1h }"
PARAMETERS = {"report": "orders", "durationSeconds": 0, "files": 1, "bytesPerFile": 1000, "compression": "none"}


def run(options, _):
    with Stack(options.program, bare=options.bare, traced=options.traced, observed=options.observed) as stack:
        stack.set_up()
        stack.stub("ready")
        if options.s3:
            storage(stack)
        return deliver(stack, options.jobs or 20_000)


def storage(stack):
    """Starts object storage that stores nothing, so that only the client side is measured."""
    program = build(stack.folder, ["s3"])["s3"]
    port = free_port()
    stack.start("storage", program, str(port))
    stack.environment.update(
        LONGHAUL_OUTPUT="s3://bench/exports",
        AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",
    )
    until(lambda: stored(stack) == 0, 10, "storage that answers")


def stored(stack):
    """The number of objects, data and manifests; in object storage the histories, too."""
    if "storage" in stack.processes:
        try:
            with urllib.request.urlopen(stack.environment["AWS_ENDPOINT_URL_S3"] + "/_count", timeout=10) as answer:
                return int(answer.read())
        except OSError:
            return None
    return int(
        subprocess.run(
            f"find {stack.output} -type f ! -name history.ndjson ! -path '*/_trail/*' | wc -l",
            shell=True,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    )


def deliver(stack, jobs, processes=1):
    """All jobs wait in RabbitMQ before `processes` of each role start, so that submission is not measured."""
    objects, requests = stored(stack), stack.requests()
    stack.provider(POLLING)
    names = [f"{role}-{number}" for role in ("worker", "orchestrator") for number in range(1, processes + 1)]
    for name in names:
        stack.role(name, name.partition("-")[0])
    orchestrators = [stack.processes[name] for name in names if name.startswith("orchestrator")]
    for orchestrator in orchestrators:
        orchestrator.send_signal(signal.SIGSTOP)
    stack.submit(jobs, PARAMETERS)
    say(f"{jobs} jobs wait in RabbitMQ for {processes} of each role")
    servers = ["rabbitmq", "redis", "stub", *(["storage"] if "storage" in stack.processes else [])]
    with Window({name: stack.pid(name) for name in [*names, *servers]}) as window:
        for orchestrator in orchestrators:
            orchestrator.send_signal(signal.SIGCONT)
        until(lambda: ended(stack) >= 0.9 * jobs, 60 + jobs / 20, f"end of {jobs} jobs", pause=0.05)
        most = time.monotonic() - window.began
        until(lambda: ended(stack) >= jobs, 60 + jobs / 20, f"end of {jobs} jobs", pause=0.05)
        last = time.monotonic() - window.began
        # The CPU of the histories counts; nobody waits for them.
        until(lambda: stack.store.waiting_histories() == 0, 60 + jobs / 20, "stored histories", pause=0.05)
    audit(stack, jobs, requests, objects)
    for name in names:
        stack.stop(name)
    return {**figures(window, jobs, servers, last), "seconds until 90 % had ended": round(most, 2)}


def ended(stack):
    counts = stack.store.counts()
    return counts["COMPLETED"] + counts["FAILED"]


def audit(stack, jobs, requests, objects):
    """Fails if a job is incomplete, because its figures would be meaningless."""
    after = stack.requests()
    done = {
        "completed": stack.store.counts()["COMPLETED"],
        "created": after["created"] - requests["created"],
        "downloads": after["download"] - requests["download"],
        "objects": (stored(stack) - objects) / (3 if "storage" in stack.processes and not stack.bare else 2),
    }
    if any(count != jobs for count in done.values()):
        raise Failure(f"{jobs} jobs were submitted, but: {done}")


def figures(window, jobs, servers, last):
    cpu = {
        role: sum(used for name, used in window.cpu.items() if name.partition("-")[0] == role)
        for role in ("orchestrator", "worker", *servers)
    }
    stubs = cpu["stub"] + cpu.get("storage", 0)
    return {
        "jobs/s": round(jobs / last),
        "seconds": round(last, 2),
        "seconds until the histories were stored": round(window.seconds, 2),
        "CPU a job without the stubs µs": micro(window.total - stubs, jobs),
        **{f"CPU a job {name} µs": micro(used, jobs) for name, used in cpu.items()},
        **window.disturbance(),
        "output": "S3 stub" if "storage" in cpu else "folder in memory",
    }
