"""The same load with 1, 2 and 4 orchestrators, and the same jobs with 1, 2 and 4 orchestrators and workers, on one machine."""

import prepare
from parts import jobs, polls
from stack import Stack

RUNS = 1
PROCESSES = (1, 2, 4)


def run(options, _):
    number = options.jobs or 20_000
    cycle, job = "CPU a cycle without the stub µs", "CPU a job without the stubs µs"
    result = {}
    with Stack(options.program) as stack:
        stack.run("setup")
        stack.stub()
        prepare.waiting_jobs(stack, number)
        for processes in PROCESSES:
            found = polls.saturate(stack, options, number, processes)
            result.update({f"{processes}: {name}": found[name] for name in ("cycles/s", cycle, "% of a core used by others")})
        stack.stop("stub")
        stack.stub("ready")
        for processes in PROCESSES:
            stack.clear()
            found = jobs.deliver(stack, number, processes)
            result.update({f"{processes} and {processes} workers: {name}": found[name] for name in ("jobs/s", job)})
    one, most = PROCESSES[0], PROCESSES[-1]
    result[f"CPU a cycle, {most} against {one}"] = round(result[f"{most}: {cycle}"] / result[f"{one}: {cycle}"], 3)
    result[f"CPU a job, {most} against {one}"] = round(
        result[f"{most} and {most} workers: {job}"] / result[f"{one} and {one} workers: {job}"], 3
    )
    return result
