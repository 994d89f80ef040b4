"""CPU and memory of an idle orchestrator and an idle worker."""

import time

import usage
from stack import Stack
from support import mebibytes, say

RUNS = 1
SECONDS = 30


def run(options, _):
    with Stack(options.program) as stack:
        stack.run("setup")
        stack.sandbox()
        stack.provider("{ policy: fixed, interval: 1m }")
        names = ("orchestrator", "worker")
        for name in names:
            stack.role(name, name)
        say(f"nothing happens for {SECONDS} s")
        time.sleep(5)
        with usage.Window({name: stack.pid(name) for name in (*names, "redis", "rabbitmq")}) as window:
            time.sleep(SECONDS)
        return {
            **{f"{name}: % of a core": round(100 * used / window.seconds, 2) for name, used in window.cpu.items()},
            **{f"{name}: MiB resident": mebibytes(usage.resident(stack.pid(name))) for name in names},
        }
