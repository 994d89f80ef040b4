"""What a check costs when one request asks for a hundred exports (`status.batch`), beside a request each."""

import time

import metrics
import prepare
from parts.everyday import PROCESSES, above, used_idle
from stack import Stack
from support import Failure, say
from usage import Window, precise_cpu

# Seconds. The warm-up is longer than an interval, so that each job has had a check and fallen in with others.
INTERVAL, WARM_UP, WINDOW = 20, 25, 40
JOBS = 10_000
BATCH = """\
  batch:
    request: GET /exports
    query: { ids: '{{ .ids | join(",") }}' }
    items: .response.body.exports
    id: .item.id
    size: 100
"""
SINGLE, TOGETHER, RATIO = "single checks", "status.batch", "status.batch / single"
RATE, REQUESTS, ORCHESTRATOR, ALL = "checks/s", "requests a check", "µs: orchestrator", "µs: all but stub"
MOST = {REQUESTS: 1 / 50, ORCHESTRATOR: 1 / 5, ALL: 1 / 5}


def run(options):
    """Figures by name of row and column. CPU is what the processes use above their idle, which is measured first in the same servers."""
    jobs, rows, idle = options.jobs or JOBS, {}, None
    with Stack(options.program) as stack:
        stack.set_up()
        stack.stub()
        prepare.waiting_jobs(stack, jobs)
        for name, status in ((SINGLE, ""), (TOGETHER, BATCH)):
            stack.provider(prepare.every(INTERVAL), status=status)
            stack.role("orchestrator", "orchestrator")
            if not idle:
                prepare.retime(stack, 600, 600 + INTERVAL)
                idle = used_idle(stack, PROCESSES)
            prepare.retime(stack, 2, 2 + INTERVAL)
            rows[name] = observe(stack, idle, jobs, max(options.warm_up, WARM_UP), max(options.window, WINDOW))
            stack.stop("orchestrator")
    rows[RATIO] = {column: round(rows[TOGETHER][column] / rows[SINGLE][column], 4) for column in MOST}
    return rows


def observe(stack, idle, jobs, warm_up, seconds):
    say(f"{jobs} jobs are checked every {INTERVAL} s: {warm_up:g} s to warm up, {seconds:g} s are measured")
    time.sleep(2 + warm_up)
    samples, asked = metrics.scrape(stack, ["orchestrator"]), stack.requests()
    with Window({name: stack.pid(name) for name in PROCESSES}, precise_cpu) as window:
        time.sleep(seconds)
        asked = metrics.difference(asked, stack.requests())
    told = metrics.difference(samples, metrics.scrape(stack, ["orchestrator"]))
    checks = asked["status"]
    if checks < 0.8 * jobs * seconds / INTERVAL:
        raise Failure(f"only {checks / seconds:.0f} of {jobs / INTERVAL:.0f} checks a second were reached; choose fewer --jobs")
    # Of the stub: the exports asked for. Requests are counted against the checks of the same page, which was read a moment later.
    requests = metrics.total(told, "http_client_requests_total") / metrics.total(told, "longhaul_checks_total")
    cpu = {name: 1000 * above(used, idle[name], window, checks) for name, used in window.cpu.items()}
    return {
        RATE: round(checks / window.seconds),
        REQUESTS: round(requests, 4),
        ORCHESTRATOR: round(cpu["orchestrator"], 1),
        ALL: round(sum(cpu.values()), 1),
        **window.disturbance(),
    }
