"""How long single jobs of a small tenant wait while a large tenant has a backlog."""

import json
import subprocess

import prepare
from stack import Stack
from support import until

RUNS = 1
SINGLES, CREATES = 20, 50


def run(options, _):
    jobs = options.jobs or 50_000
    with Stack(options.program) as stack:
        stack.run("setup")
        stack.sandbox()
        stack.provider(prepare.NEVER, f"limits: {{ creates: {CREATES}/s burst 1 }}\n")
        stack.role("orchestrator-1", "orchestrator")
        stack.submit(jobs, {"report": "orders"})
        until(lambda: sum(stack.store.counts().values()) >= jobs, 60 + jobs / 500, f"{jobs} jobs admitted")
        waits = sorted(wait_of(stack, f"single-{single}") for single in range(SINGLES))
        return {
            "jobs of the other tenant": jobs,
            "still waiting": stack.store.counts()["PENDING"],
            "creations a second allowed": CREATES,
            "single jobs": SINGLES,
            "median wait ms": waits[SINGLES // 2],
            "longest wait ms": waits[-1],
            "longest wait in creations": round(waits[-1] * CREATES / 1000, 1),
        }


def wait_of(stack, job):
    """Milliseconds from the admission of a new job to the creation of its export."""
    stack.run("submit", "sandbox", "--id", job, "--tenant", "small")
    times = until(lambda: (found := history(stack, job)) and "POLLING" in found and found, 60, f"start of {job}")
    return times["POLLING"] - times["PENDING"]


def history(stack, job):
    """The time of the first transition to each status, in milliseconds."""
    lines = subprocess.run([stack.program, "job", job, "--json"], env=stack.environment, capture_output=True, text=True)
    if lines.returncode:
        return {}
    return {entry["what"]: entry["at"] for entry in reversed(json.loads(lines.stdout)["history"])}
