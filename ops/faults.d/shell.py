"""Bash with the environment of an operator: `longhaul`, `rabbitmqctl` and `service` on its PATH."""

import os
import shlex
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Shell:
    """`folder`: where programs, scripts and their output go. `servers`: the folder of ops/servers."""

    def __init__(self, folder, program, servers, environment):
        os.makedirs(folder)
        self.folder, self.popen = folder, None
        self.socket = os.path.join(folder, "services")
        self.bin = os.path.join(folder, "bin")
        os.makedirs(self.bin)
        self.install("longhaul", program)
        self.install("rabbitmqctl", f"{ROOT}/ops/servers", "rabbitmqctl", servers)
        self.install("service", sys.executable, "-B", os.path.join(HERE, "services.py"), self.socket)
        self.environment = {
            **environment,
            "PATH": f"{self.bin}:{environment['PATH']}",
            "RABBITMQCTL": "rabbitmqctl",
            "STOP": "service stop",
            "START": "service start",
            "RESTART": "service restart",
            # For curl: all is on this machine.
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def install(self, name, *words):
        path = os.path.join(self.bin, name)
        with open(path, "w") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        os.chmod(path, 0o755)

    def run(self, name, script, variables, seconds):
        """The exit code of the script, None if it had to be ended, and what it printed."""
        path, log = os.path.join(self.folder, f"{name}.sh"), os.path.join(self.folder, f"{name}.log")
        with open(path, "w") as file:
            file.write(script)
        with open(log, "wb") as output:
            # In its own session, so that it can be ended with all its children, and Ctrl-C in the terminal does not reach it.
            self.popen = subprocess.Popen(
                ["bash", path],
                cwd=self.folder,
                env={**self.environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            self.end()
        with open(log, errors="replace") as output:
            return code, output.read()

    def end(self):
        if self.popen and self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
