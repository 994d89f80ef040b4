"""One run of the compose file, with its own project, ports, network and secrets."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from engine import ROOT, say

FILE, TLS, REDIS_TLS = (os.path.join(ROOT, "compose", name) for name in ("compose.yaml", "compose.tls.yaml", "compose.redis-tls.yaml"))
PORTS = ("RABBITMQ", "RABBITMQ_MANAGEMENT", "S3", "SANDBOX", "PROMETHEUS", "GRAFANA")
USERS = ("setup", "orchestrator", "worker", "callbacks", "operator", "submitter", "monitoring")
DEADLINE = 300


class Failure(Exception):
    pass


class Stack:
    """A running stack, as a context manager."""

    def __init__(self, engine, keep=False):
        self.engine, self.keep = engine, keep
        self.project = f"longhaul-test-{os.getpid()}"
        self.folder = tempfile.mkdtemp(prefix="longhaul-compose-")
        self.files = [FILE]
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        subnet = f"10.213.{random.randint(100, 250)}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("STACK_", "COMPOSE_", "LONGHAUL_"))},
            "LONGHAUL_IMAGE": f"{self.project}:latest",
            "STACK_SECRETS": f"{self.folder}/secrets",
            "STACK_SANDBOX_SUBNET": f"{subnet}.0/24",
            "STACK_SANDBOX_ADDRESS": f"{subnet}.10",
            "STACK_EGRESS": f"{subnet}.10/32",
            **{f"STACK_{name}_PORT": str(port) for name, port in self.ports.items()},
        }

    def __enter__(self):
        run([f"{ROOT}/ops/secrets", "--folder", f"{self.folder}/secrets"], stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, kind, *_):
        if kind not in (None, SystemExit, KeyboardInterrupt):
            self.save_logs()
        if self.keep:
            files = " ".join(f"-f {name}" for name in self.files)
            changed = " ".join(f"{name}={value}" for name, value in self.environment.items() if os.environ.get(name) != value)
            say(f"it goes on running: {changed} docker compose -p {self.project} {files} ps; end it by the same with down --volumes")
            return
        self.call("--profile", "*", "down", "--volumes", "--timeout", "10", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", "-f", self.environment["LONGHAUL_IMAGE"]], capture_output=True)
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            say(f"logs: {self.folder}")

    def compose(self, *arguments):
        files = [word for name in self.files for word in ("-f", name)]
        return ["docker", "compose", "-p", self.project, "--ansi", "never", *files, *arguments]

    def call(self, *arguments, **options):
        """Runs docker compose and returns the exit code. The folder has its output."""
        with open(f"{self.folder}/compose.log", "a") as log:
            print("$", *arguments, file=log, flush=True)
            return subprocess.run(
                self.compose(*arguments), env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options
            ).returncode

    def must(self, *arguments, deadline=DEADLINE):
        if self.call(*arguments, timeout=deadline) != 0:
            with open(f"{self.folder}/compose.log") as log:
                raise Failure(f"docker compose {' '.join(arguments)} failed: {log.read()[-2000:]}")

    def read(self, *arguments, **options):
        return run(self.compose(*arguments), env=self.environment, **{"stdin": subprocess.DEVNULL, **options})

    def config(self, *arguments):
        return json.loads(self.read("--profile", "*", "config", "--format", "json", *arguments))

    def containers(self, service):
        """The running containers of a service."""
        return self.read("ps", "-q", "--status", "running", service).split()

    def kill(self, service):
        """Kills the process of a container, like a crash, so that the restart policy applies. Returns the container."""
        container = random.choice(self.containers(service))
        os.kill(int(run(["docker", "inspect", "-f", "{{.State.Pid}}", container])), signal.SIGKILL)
        return container

    def is_healthy(self, container):
        return run(["docker", "inspect", "-f", "{{.State.Health.Status}}", container]).strip() == "healthy"

    def up(self, *services, **scales):
        scaling = [word for service, count in scales.items() for word in ("--scale", f"{service}={count}")]
        self.must(
            "--profile", "observability", "up", "-d", "--wait", "--wait-timeout", str(DEADLINE), *scaling, *services, deadline=DEADLINE + 60
        )

    def save_logs(self):
        self.call("--profile", "*", "ps", "-a")
        with open(f"{self.folder}/containers.log", "w") as log:
            subprocess.run(self.compose("--profile", "*", "logs", "--no-color"), env=self.environment, stdout=log, stderr=log)

    def password(self, user):
        with open(f"{self.folder}/secrets/passwords/{user}") as file:
            return file.read().strip()


def run(command, **options):
    try:
        done = subprocess.run(command, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}, text=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)} has not ended after {DEADLINE} s") from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)} failed: {(done.stderr or done.stdout or '')[-2000:]}")
    return done.stdout


def until(what, condition, seconds=DEADLINE):
    """Evaluates the condition twice a second and returns its first true value."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise Failure(f"not after {seconds} s: {what}")
        time.sleep(0.5)
    return result


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for number in sockets:
        number.bind(("127.0.0.1", 0))
    ports = [number.getsockname()[1] for number in sockets]
    for number in sockets:
        number.close()
    return ports
