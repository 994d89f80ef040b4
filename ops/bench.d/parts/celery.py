"""The same polls and jobs on Celery, with the same RabbitMQ, Redis and API."""

import json
import os
import subprocess
import time

import celery_environment
from parts import jobs as small_jobs
from stack import Stack
from support import Failure, micro, quantile, say, until
from usage import Window

RUNS = 3
# Pool, concurrency, and messages prefetched by each process or green thread: many for short tasks, a few hundred in all.
POOLS = {"prefork": (2, 64), "gevent": (100, 4)}
# Default load per second: more than twice what the machine was seen to do.
OFFERED = 1500
BENCH_D = os.path.dirname(os.path.abspath(celery_environment.__file__))


def run(options, _):
    python, result = celery_environment.ready(), {"queue": options.celery_queue}
    for pool in POOLS:
        for kind, exports, measure in (("polls", (), polls), ("jobs", ("ready",), jobs)):
            with Stack(options.program) as stack:
                stack.stub(*exports)
                prepare(stack, options, pool)
                say(f"Celery, {pool}: {kind}")
                result.update({f"{pool}: {name}": value for name, value in measure(stack, options, python, pool).items()})
    return result


def prepare(stack, options, pool):
    concurrency, prefetch = POOLS[pool]
    stack.environment.update(
        BENCH_API=stack.api,
        BENCH_OUTPUT=stack.output,
        BENCH_QUEUE=options.celery_queue,
        BENCH_CONCURRENCY=str(concurrency),
        BENCH_PREFETCH=str(prefetch),
        BENCH_REDIS=stack.environment["LONGHAUL_REDIS_URL"],
        BENCH_BROKER=stack.environment["LONGHAUL_RABBITMQ_URL"],
        PYTHONDONTWRITEBYTECODE="1",
    )


def load(stack, python, kind, number, argument):
    subprocess.run([python, "celery_load.py", kind, str(number), json.dumps(argument)], cwd=BENCH_D, env=stack.environment, check=True)


def worker(stack, python, pool):
    """Runs without gossip between workers: with it, the loop of a gevent worker polls for events for 0.1 s after each message (5.7)."""
    stack.start(
        "celery",
        python,
        "-m",
        "celery",
        "-A",
        "celery_app",
        "worker",
        "--pool",
        pool,
        "--concurrency",
        str(POOLS[pool][0]),
        "--loglevel",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        cwd=BENCH_D,
    )
    return {name: stack.pid(name) for name in ("celery", "rabbitmq", "redis", "stub")}


def fields(stack, number, *names):
    return stack.store.call(*(["HMGET", f"job:job-{job}", *names] for job in range(number)))


def polls(stack, options, python, pool):
    number = min(options.jobs or 2000, 2000)
    load(stack, python, "polls", number, number / OFFERED)
    pids = worker(stack, python, pool)
    until(lambda: stack.requests()["status"], 60, "first poll of Celery")
    # The first checks of all jobs, and some margin.
    time.sleep(options.warm_up + number / OFFERED)
    before, requests = fields(stack, number, "attempts"), stack.requests()["status"]
    with Window(pids) as window:
        time.sleep(options.window)
        done = stack.requests()["status"] - requests
    # The last check of each job checked within the window.
    late = sorted(
        1000 * float(fields_[1]) for old, fields_ in zip(before, fields(stack, number, "attempts", "late")) if fields_[0] != old[0]
    )
    if not done:
        raise Failure("Celery did not poll")
    return {
        "polls/s": round(done / window.seconds, 1),
        **cpu(window, "poll", done),
        "lateness p50 ms": round(quantile(late, 0.5)),
        "lateness p99 ms": round(quantile(late, 0.99)),
        **window.disturbance(),
    }


def jobs(stack, options, python, pool):
    number = min(options.jobs or 1000, 1000)
    load(stack, python, "jobs", number, small_jobs.PARAMETERS)
    pids = worker(stack, python, pool)
    until(lambda: stack.requests()["created"], 60, "first job of Celery", pause=0.02)
    with Window(pids) as window:
        until(
            lambda: all(status == ["COMPLETED"] for status in fields(stack, number, "status")),
            60 + number / 5,
            "end of the jobs",
            pause=0.2,
        )
    return {"jobs/s": round(number / window.seconds, 1), **cpu(window, "job", number)}


def cpu(window, what, number):
    return {
        f"CPU a {what} without the stub µs": micro(window.total - window.cpu["stub"], number),
        f"CPU a {what} celery µs": micro(window.cpu["celery"], number),
    }
