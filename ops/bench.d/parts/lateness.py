"""How late timers fire at half of the load that saturates the machine."""

import random
import time

import metrics
import prepare
from parts import polls
from sampling import Sample
from stack import Stack
from support import micro, quantile, say
from usage import Window

RUNS = 3
SAMPLE = 500


def run(options, measured):
    load = options.load or half(options, measured)
    jobs = options.jobs or 20_000
    interval = jobs / load
    with Stack(options.program) as stack:
        stack.run("setup")
        stack.stub()
        names = prepare.waiting_jobs(stack, jobs)
        stack.provider(prepare.every(interval))
        stack.role("orchestrator-1", "orchestrator")
        prepare.retime(stack, 1, 1 + interval)
        say(f"{jobs} jobs are checked every {interval:.3g} s, {load:.0f} a second")
        # No record contains a job's first check.
        time.sleep(1 + interval * 1.2 + options.warm_up)
        sample = Sample(stack.store, random.Random(1).sample(names, min(SAMPLE, jobs)))
        before = metrics.scrape(stack, ["orchestrator-1"])
        with Window({name: stack.pid(name) for name in ("orchestrator-1", "rabbitmq", "redis", "stub")}) as window:
            # More often than a job is checked, but not so often that sampling is the load.
            late = sample.lateness(max(options.window, 2 * interval), max(0.05, interval / 3))
        told = metrics.difference(before, metrics.scrape(stack, ["orchestrator-1"]))
        claims = metrics.total(told, f"{metrics.LATENESS}_count")
        return {
            "load asked for, checks/s": round(load),
            "timers/s": round(claims / window.seconds),
            "due to claimed: p50 at most ms": metrics.bound(told, 0.5),
            "due to claimed: p99 at most ms": metrics.bound(told, 0.99),
            "due to claimed: most at most ms": metrics.bound(told, 1),
            "due to answer stored: p50 ms": quantile(late, 0.5),
            "due to answer stored: p99 ms": quantile(late, 0.99),
            "due to answer stored: most ms": late[-1] if late else None,
            "checks looked at": len(late),
            "early": sum(value < 0 for value in late),
            "CPU a check without the stub µs": micro(window.total - window.cpu["stub"], claims),
            **window.disturbance(),
        }


def half(options, measured):
    """Half of the saturation load that `polls` measured in this run. Measures it now if `polls` did not run."""
    if not measured.get("polls"):
        say("measuring the saturation load first (--load gives one)")
        measured["polls"] = [polls.run(options, measured)]
    rates = sorted(result["cycles/s"] for result in measured["polls"])
    return rates[len(rates) // 2] / 2
