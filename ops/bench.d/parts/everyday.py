"""What a status check costs at everyday loads, where each check pays for its own script calls, fsyncs, message and wake-ups.

Jobs in POLLING with a fixed interval make a steady rate. CPU is what each process uses above its idle, which is measured first in the
same servers. The floor is what the raw programs need for the same steps at the same rate: two scripts, a message and a GET a check, each
sent when it is due.
"""

import json
import random
import re
import shutil
import signal
import subprocess
import time

import floors
import metrics
import prepare
import report
import usage
from parts.raw import PIPELINE, export
from programs import build
from stack import Stack
from support import Failure, say, until

RUNS = 3
# Seconds between two checks of a job.
INTERVAL = 10
IDLE, STRACE = 15, 10
# So many checks at least are measured, however low the rate is.
CHECKS = 600
SERVERS = ("redis", "rabbitmq")
PROCESSES = ("orchestrator", *SERVERS)


def run(options, _):
    if options.syscalls and not shutil.which("strace"):
        raise Failure("cannot count system calls: strace is not installed; run apt-get install strace, or leave --syscalls out")
    result = {}
    with Stack(options.program) as stack:
        stack.run("setup")
        stack.stub()
        programs = build(stack.folder, ("rabbitmq", "redis", "http"))
        alone, idle = used_idle(stack, SERVERS), None
        for rate in options.rates:
            seconds = max(options.window, CHECKS / rate)
            stack.clear()
            names = prepare.waiting_jobs(stack, rate * INTERVAL)
            stack.provider(prepare.every(INTERVAL))
            stack.role("orchestrator", "orchestrator")
            if not idle:
                idle = used_idle(stack, PROCESSES)
                result.update({f"idle: {name}, % of a core": round(100 * used, 2) for name, used in idle.items()})
            spread(stack, names)
            # Past each job's first check, which writes more than the others.
            time.sleep(2 + max(1.3 * INTERVAL, options.warm_up))
            found = checks(stack, rate, seconds, idle)
            if options.syscalls:
                found.update(system_calls(stack))
            stack.stop("orchestrator")
            found.update(floor(stack, programs, rate, seconds, alone))
            for name in ("orchestrator", *SERVERS, "sum"):
                found[f"times the floor: {name}"] = round(found[f"CPU a check, ms: {name}"] / max(found[f"floor, ms: {name}"], 1e-4), 2)
            result.update({f"{rate}/s {name}": value for name, value in found.items()})
    return result


def used_idle(stack, names):
    """Seconds of CPU a second, with nothing due."""
    time.sleep(5)
    with usage.Window({name: stack.pid(name) for name in names}, usage.precise_cpu) as window:
        time.sleep(IDLE)
    return {name: used / window.seconds for name, used in window.cpu.items()}


def spread(stack, names):
    """Timers at random times of an interval that begins in 2 s, as jobs that have nothing to do with each other have them."""
    chance, now = random.Random(1), prepare.clock(stack)
    stack.store.call(
        *(["ZADD", f"{stack.store.tag(name)}due", "XX", now + 2000 + int(chance.random() * INTERVAL * 1000), name] for name in names)
    )


def checks(stack, rate, seconds, idle):
    say(f"{rate} checks a second: {seconds:g} s are measured")
    samples, commands, requests = metrics.scrape(stack, ["orchestrator"]), redis_calls(stack), stack.requests()["status"]
    with usage.Window({name: stack.pid(name) for name in PROCESSES}, usage.precise_cpu) as window:
        time.sleep(seconds)
        done = stack.requests()["status"] - requests
    calls = metrics.difference(commands, redis_calls(stack))
    told = metrics.difference(samples, metrics.scrape(stack, ["orchestrator"]))
    if done < 0.9 * rate * seconds:
        raise Failure(f"only {done / seconds:.1f} of {rate} checks a second were reached; choose lower --rates or free the machine")
    cpu = {name: above(used, idle[name], window, done) for name, used in window.cpu.items()}
    return {
        "checks/s": round(done / window.seconds, 1),
        **costs("CPU a check, ms", cpu),
        "lateness p50 at most, ms": metrics.bound(told, 0.5),
        "lateness p99 at most, ms": metrics.bound(told, 0.99),
        **per_check("Redis commands a check", calls, done),
        **window.disturbance(),
    }


def above(used, idle, window, number):
    """Milliseconds of CPU an operation, without what the process uses when idle."""
    return max(0.0, used - idle * window.seconds) * 1000 / number


def costs(title, cpu):
    return {f"{title}: {name}": round(value, 4) for name, value in {**cpu, "sum": sum(cpu.values())}.items()}


def per_check(title, calls, number):
    """The sum first, then each kind, most frequent first; what is rarer than once in twenty checks is only in the sum."""
    found = sorted(((count / number, name) for name, count in calls.items()), reverse=True)
    return {
        f"{title}: all": round(sum(count for count, _ in found), 1),
        **{f"{title}: {name}": round(count, 2) for count, name in found if count >= 0.05},
    }


def redis_calls(stack):
    """Calls of each command, those by scripts included, without those of this program."""
    text = stack.store.call(["INFO", "commandstats"])[0]
    return {name: int(count) for name, count in re.findall(r"cmdstat_([^:]+):calls=(\d+)", text) if name != "info"}


def system_calls(stack):
    """Of the orchestrator, by strace, which slows it down: the counts are right, the time is not."""
    path = f"{stack.folder}/strace.txt"
    say(f"system calls are counted for {STRACE} s")
    command = ["strace", "-f", "-c", "-U", "calls,name", "-o", path, "-p", str(stack.pid("orchestrator"))]
    with open(f"{stack.folder}/strace.log", "w+") as log:
        tracer = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            until(lambda: "attached" in read(log) or tracer.poll() is not None, 10, "strace that is attached")
            requests = stack.requests()["status"]
            time.sleep(STRACE)
            done = stack.requests()["status"] - requests
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)
        if not done or tracer.returncode not in (0, -signal.SIGINT):
            raise Failure(f"strace of the orchestrator counted nothing: {read(log).strip()[-300:]}")
    with open(path) as lines:
        found = re.findall(r"(?m)^\s*(\d+)\s+(\w+)\s*$", lines.read())
    return per_check("system calls a check", {name: int(count) for count, name in found if name != "total"}, done)


def read(file):
    file.seek(0)
    return file.read()


def floor(stack, programs, rate, seconds, alone):
    """The raw programs side by side, each at its rate, without an orchestrator."""
    say(f"the raw programs at {rate} checks a second: {seconds:g} s are measured")
    amqp, redis = (stack.environment[f"LONGHAUL_{name}_URL"].rsplit(":", 1)[1].partition("/")[0] for name in ("RABBITMQ", "REDIS"))
    # Connecting and the first operations stay outside the window.
    settle = 2
    count = int(rate * (seconds + 2 * settle))
    commands = (
        [programs["redis"], redis, 2 * count, PIPELINE, 2 * rate],
        [programs["rabbitmq"], amqp, "transient", count, floors.WAKE_BYTES, rate],
        [programs["http"], export(stack), count, 1, rate],
    )
    running = [subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) for command in commands]
    try:
        time.sleep(settle)
        with usage.Window({name: stack.pid(name) for name in SERVERS}, usage.precise_cpu) as window:
            time.sleep(seconds)
        told = [json.loads(program.communicate(timeout=60 + seconds)[0]) for program in running]
    except subprocess.TimeoutExpired:
        raise Failure(f"a raw program does not keep {rate} checks a second; choose lower --rates or free the machine") from None
    finally:
        for program in running:
            program.kill()
            program.wait()
    reached = min(of["operations"] / of["seconds"] * rate / wanted for of, wanted in zip(told, (2 * rate, rate, rate)))
    ours = sum(of["cpu"] for of in told) * 1000 / count
    servers = {name: above(used, alone[name], window, reached * window.seconds) for name, used in window.cpu.items()}
    return {"floor, checks/s": round(reached, 1), **costs("floor, ms", {"orchestrator": ours, **servers})}


def lines(figures):
    """A column a rate; what belongs to no rate stands below."""
    rates = list(dict.fromkeys(found.group(1) for name in figures if (found := re.match(r"(\d+/s) ", name))))
    rows = dict.fromkeys(name.partition("/s ")[2] for name in figures if "/s " in name)
    yield f"  {'':<42}" + "".join(f"{rate:>26}" for rate in rates)
    for row in rows:
        yield f"  {row:<42}" + "".join(f"{cell(figures.get(f'{rate} {row}')):>26}" for rate in rates)
    yield from report.table({name: figure for name, figure in figures.items() if "/s " not in name})


def cell(figure):
    if not isinstance(figure, dict):
        return report.number(figure)
    median, least, most = (short(figure[name]) for name in ("median", "least", "most"))
    return median if least == most else f"{median} ({least}–{most})"


def short(value):
    return f"{value:.3f}" if abs(value) < 1 and value != int(value) else report.number(value)
