"""The cost of the same work in minimal C programs on the same servers."""

import json
import os
import subprocess
import urllib.request

import floors
from programs import build
from stack import Stack
from support import micro, say
from usage import Window

RUNS = 3
PIPELINE, CONNECTIONS = 200, 64


def run(options, _):
    number = options.jobs or 100_000
    with Stack(options.program) as stack:
        programs = build(stack.folder, ("rabbitmq", "redis", "http", "file"))
        stack.stub()
        amqp = stack.environment["LONGHAUL_RABBITMQ_URL"].rsplit(":", 1)[1].partition("/")[0]
        redis = stack.environment["LONGHAUL_REDIS_URL"].rsplit(":", 1)[1].partition("/")[0]

        def rabbitmq(mode, count, size):
            return measure(stack.pid("rabbitmq"), count, lambda times: [programs["rabbitmq"], amqp, mode, times, size])

        result = {}
        for operation, used in (
            (floors.TRANSIENT, rabbitmq("transient", 2 * number, floors.WAKE_BYTES)),
            (floors.WAKES, rabbitmq("transient", number // 2, floors.WAKE_BYTES * floors.WAKES_A_MESSAGE)),
            (floors.CONFIRMED, rabbitmq("confirmed", number, 300)),
            (floors.SCRIPT, measure(stack.pid("redis"), 3 * number, lambda times: [programs["redis"], redis, times, PIPELINE])),
            (floors.GET, measure(stack.pid("stub"), number, lambda times: [programs["http"], export(stack), times, CONNECTIONS])),
            (floors.FILE, measure(None, number // 20, lambda times: [programs["file"], folder(stack), times, 1000])),
        ):
            result.update({f"{operation}: {name}": value for name, value in used.items()})
        result.update({name: round(floor(result), 1) for name, floor in floors.FLOORS.items()})
        return result


def measure(server, count, command):
    """Runs the program for a tenth of the count to warm up, and then for the count."""
    say(f"{os.path.basename(command(1)[0])} {count} times")
    subprocess.run(list(map(str, command(max(1, count // 10)))), check=True, stdout=subprocess.DEVNULL)
    with Window({"server": server} if server else {}) as window:
        out = subprocess.run(list(map(str, command(count))), check=True, stdout=subprocess.PIPE, text=True).stdout
    told = json.loads(out)
    result = {"a second": round(told["operations"] / told["seconds"]), "our µs": micro(told["cpu"], count)}
    if server:
        result["server µs"] = micro(window.cpu["server"], count)
    return result


def export(stack):
    """Creates an export and returns its status URL."""
    request = urllib.request.Request(f"{stack.api}/v2/exports", b'{"report":"raw"}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return f"{stack.api}/v2/exports/{json.load(answer)['id']}"


def folder(stack):
    """Creates a folder in the output folder."""
    number = len(os.listdir(stack.output))
    path = f"{stack.output}/raw-{number}"
    os.mkdir(path)
    return path
