"""The limits of the simulated API and of its stub, to recognise when they bound a measurement."""

import re
import shutil
import subprocess

from parts.raw import export
from stack import Stack
from support import micro
from usage import Window

RUNS = 1


def run(options, _):
    if not shutil.which("wrk"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)
    with Stack(options.program, servers=("redis",)) as stack:
        stack.sandbox()
        result = load(stack, "sandbox")
        stack.stop("sandbox")
        stack.stub()
        return {**result, **load(stack, "stub")}


def load(stack, api):
    with Window({api: stack.pid(api)}) as window:
        command = ["wrk", "-t1", "-c64", "-d10s", export(stack)]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    return {
        f"{api}: requests/s": round(float(re.search(r"Requests/sec:\s+(\S+)", out).group(1))),
        f"{api}: CPU a request µs": micro(window.total, requests),
        f"{api}: requests/s of one core": round(requests / window.total),
    }
