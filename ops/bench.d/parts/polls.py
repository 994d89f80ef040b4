"""Poll cycles per second when more timers are due than can be handled, and the cost of a cycle by process."""

import time

import metrics
import prepare
from stack import Stack
from support import micro, say
from usage import Window

RUNS = 3
# Default load per second: about twice what the machine was seen to do.
OFFERED = 50_000


def run(options, _):
    with Stack(options.program, bare=options.bare, traced=options.traced, observed=options.observed) as stack:
        stack.set_up()
        stack.stub()
        prepare.waiting_jobs(stack, options.jobs or 20_000)
        return saturate(stack, options, options.jobs or 20_000)


def saturate(stack, options, jobs, orchestrators=1):
    """Fires the timers of all jobs repeatedly, at `options.offered` per second in all."""
    interval = max(0.01, jobs / (options.offered or OFFERED))
    stack.provider(prepare.every(interval))
    prepare.retime(stack, 2, 2 + interval)
    names = [f"orchestrator-{number}" for number in range(1, orchestrators + 1)]
    for name in names:
        stack.role(name, "orchestrator")
    say(
        f"{jobs} jobs are checked every {interval:g} s by {orchestrators}: "
        f"{options.warm_up:g} s to warm up, {options.window:g} s are measured"
    )
    time.sleep(2 + options.warm_up)
    result = observe(stack, options.window, names)
    for name in names:
        stack.stop(name)
    return result


def observe(stack, seconds, names):
    """Measures for the given number of seconds."""
    pids = {name: stack.pid(name) for name in [*names, "rabbitmq", "redis", "stub"]}
    requests, samples = stack.requests(), metrics.scrape(stack, names)
    with Window(pids) as window:
        time.sleep(seconds)
        cycles = stack.requests()["status"] - requests["status"]
    told = metrics.difference(samples, metrics.scrape(stack, names))
    checks = metrics.total(told, "longhaul_checks_total")
    cpu = {**window.cpu, "orchestrator": sum(window.cpu[name] for name in names)}
    return {
        "cycles/s": round(cycles / window.seconds),
        "cycles/s by the metrics": round(checks / window.seconds),
        "CPU a cycle without the stub µs": micro(window.total - cpu["stub"], cycles),
        **{f"CPU a cycle {name} µs": micro(cpu[name], cycles) for name in ("orchestrator", "rabbitmq", "redis", "stub")},
        "checks without an answer that counts": checks - metrics.total(told, "longhaul_checks_total", outcome="not-ready"),
        "wakes refused": metrics.total(told, "longhaul_wakes_total", outcome="refused"),
        "lateness p50 at most ms": metrics.bound(told, 0.5),
        "lateness p99 at most ms": metrics.bound(told, 0.99),
        **window.disturbance(),
    }
