"""A folder of scratch data, and the processes of one service. Ends what it started, by process id."""

import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

from process_tree import end

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Wrong(Exception):
    """A service, or what was delivered from it, is not as it should be."""


def say(text):
    print(f"ops/services: {text}", file=sys.stderr, flush=True)


def check(condition, text):
    if not condition:
        raise Wrong(text)


def free_port():
    """A port below the kernel's range for outgoing connections, so that none of them takes it before the service does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as range_:
        ephemeral = int(range_.read().split()[0])
    while True:
        port = random.SystemRandom().randrange(min(15000, ephemeral - 5000), ephemeral)
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Stage:
    def __init__(self, program):
        self.program, self.processes, self.numbers = program, [], itertools.count(1)
        self.folder = tempfile.mkdtemp(prefix="longhaul-services-")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, command, environment=None, **options):
        """Starts a process in a session of its own, so that Ctrl-C in the terminal does not reach it. Output goes to NAME.log."""
        with open(self.path(f"{name}.log"), "ab") as log:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **options,
            )
        process.name = name
        self.processes.append(process)
        return process

    def run(self, name, command, environment=None, seconds=600):
        """Runs a command to its end. Returns what it printed."""
        process = self.start(name, command, environment)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{name} has not ended after {seconds} s") from None
        check(code == 0, f"{name} ended with {code}: {self.tail(name)}")
        return self.log(name)

    def log(self, name):
        with open(self.path(f"{name}.log"), errors="replace") as log:
            return log.read()

    def tail(self, name):
        return " / ".join(self.log(name).split("\n")[-4:]).strip(" /")

    def until(self, what, condition, process=None, seconds=120):
        """Waits until the condition gives something, and returns that. Fails early if the process has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            code = process.poll() if process else None
            check(
                code is None,
                f"{process and process.name} ended with {code} while waiting for {what}: {self.tail(process.name) if process else ''}",
            )
            time.sleep(0.2)
        raise Wrong(f"{what}: not within {seconds} s")

    def end(self):
        """The last one first, as each may need those before it."""
        for process in reversed(self.processes):
            if process.poll() is None:
                end(process)
